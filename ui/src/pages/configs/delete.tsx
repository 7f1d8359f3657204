import { useState } from 'react';
import { removeConfig, type ConfigRow } from '../../api/extconfig';
import { useAct } from '../../app/mutate';
import { useT } from '../../i18n';
import { errorText } from '../../i18n/errors';
import { Confirm } from '../../ui/confirm';
import { Progress } from '../../ui/progress';

type Target = Pick<ConfigRow, 'groupName' | 'dataId' | 'md5' | 'listeners'> & { gray: unknown[] };

interface Props {
  ns: string;
  rows: Target[];
  onClose: () => void;
  onDone: () => void;
}

const listed = 8; // names in the question; the rest is counted

// One after the other, so that each keeps its own comparison with what was seen.
async function removeAll(ns: string, rows: Target[], tell: (done: number) => void): Promise<number> {
  const failed: string[] = [];
  for (const [i, row] of rows.entries()) {
    tell(i);
    try {
      await removeConfig({ ns, group: row.groupName, dataId: row.dataId }, row.md5 || 'any');
    } catch (error) {
      failed.push(`${row.dataId}: ${errorText(error)}`);
    }
  }
  if (failed.length) throw new Error(failed.join(' · '));
  return rows.length;
}

/** Asks before configurations are removed, and says whom that touches. */
export function DeleteConfigs({ ns, rows, onClose, onDone }: Props) {
  const t = useT();
  const [done, setDone] = useState(0);
  const act = useAct({ run: () => removeAll(ns, rows, setDone), done: t.configs.deleted(rows.length), stale: [['configs', ns], ['recycle', ns], ['releases', ns]], then: onDone });
  const listeners = rows.reduce((sum, row) => sum + row.listeners, 0);
  const gray = rows.filter((row) => row.gray?.length).length;
  return (
    <Confirm open onClose={onClose} title={t.configs.deleteTitle(rows.length)} submit={t.common.delete} busy={act.isPending} type={rows.length > listed ? String(rows.length) : undefined} onConfirm={() => act.mutate()}>
      <ul className="list-disc pl-4">
        {rows.slice(0, listed).map((row) => (
          <li key={`${row.groupName}/${row.dataId}`}>
            <b className="font-medium">{row.dataId}</b> <span className="text-fg-2">{row.groupName}</span>
          </li>
        ))}
        {rows.length > listed && <li>{t.configs.andMore(rows.length - listed)}</li>}
      </ul>
      <p className={listeners ? 'font-medium text-bad' : 'text-fg-2'}>{t.configs.deleteListeners(listeners)}</p>
      {gray > 0 && <p>{t.configs.deleteGray(gray)}</p>}
      <p className="text-fg-2">{t.configs.deleteText}</p>
      {act.isPending && rows.length > 1 && <Progress done={done} of={rows.length} />}
    </Confirm>
  );
}
