import type { ConfigRow } from '../../api/extconfig';
import { useT } from '../../i18n';
import { PlanDialog } from '../bulk/plan';

interface Props {
  ns: string;
  rows: Pick<ConfigRow, 'groupName' | 'dataId' | 'md5'>[];
  /** Nothing is left to look at when it is done. */
  leave?: boolean;
  onClose: () => void;
  onDone: () => void;
}

const typeAbove = 8; // configurations; more than these have to be counted by who deletes them

/** Shows whom the removal of configurations touches, removes them, and brings them back. */
export function DeleteConfigs({ ns, rows, leave, onClose, onDone }: Props) {
  const t = useT();
  return (
    <PlanDialog
      title={t.configs.deleteTitle(rows.length)}
      ask={{ action: 'config.delete', namespaceId: ns, selection: rows.map(({ groupName, dataId, md5 }) => ({ groupName, dataId, md5 })) }}
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
