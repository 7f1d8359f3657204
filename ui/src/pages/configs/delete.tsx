import type { ConfigRow } from '../../api/extconfig';
import { useT } from '../../i18n';
import { PlanDialog } from '../bulk/plan';
import type { Chosen } from './selection';

interface Props {
  ns: string;
  chosen: { rows: Pick<ConfigRow, 'groupName' | 'dataId' | 'md5'>[] } | Extract<Chosen, { all: number }>;
  /** Nothing is left to look at when it is done. */
  leave?: boolean;
  onClose: () => void;
  onDone: () => void;
}

const typeAbove = 8; // configurations; more than these have to be counted by who deletes them

/** Shows whom the removal of configurations touches, removes them, and brings them back. */
export function DeleteConfigs({ ns, chosen, leave, onClose, onDone }: Props) {
  const t = useT();
  const what = 'rows' in chosen ? { selection: chosen.rows.map(({ groupName, dataId, md5 }) => ({ groupName, dataId, md5 })) } : { more: chosen.filter };
  return (
    <PlanDialog
      title={t.configs.deleteTitle('rows' in chosen ? chosen.rows.length : chosen.all)}
      ask={{ action: 'config.delete', namespaceId: ns, ...what }}
      submit={t.common.delete}
      danger
      typeAbove={typeAbove}
      stale={[['configs', ns], ['recycle', ns], ['releases', ns]]}
      done={t.configs.deleted}
      again={(items) => items.map(({ target: { groupName, dataId } }) => ({ groupName, dataId }))}
      leave={leave ?? false}
      onClose={onClose}
      onDone={onDone}
    >
      <p className="text-sm text-fg-2">{t.configs.deleteText}</p>
    </PlanDialog>
  );
}
