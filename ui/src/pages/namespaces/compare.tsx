import { useQuery } from '@tanstack/react-query';
import { ArrowLeftRight, Copy, GitCompareArrows } from 'lucide-react';
import { useState } from 'react';
import { cloneConfigs } from '../../api/config';
import { getFull, queryConfigs, type ConfigRow } from '../../api/extconfig';
import { useAct } from '../../app/mutate';
import { useNamespace, useNamespaceName, useNamespaces } from '../../app/namespace';
import { useAddress } from '../../app/query';
import { may, useMe } from '../../app/server';
import { useT, type Dictionary } from '../../i18n';
import { pairUp, type Pair } from '../../lib/compare';
import { inSteps } from '../../lib/steps';
import { Button, IconButton } from '../../ui/button';
import { CodeDiff } from '../../ui/code/lazy';
import { Confirm } from '../../ui/confirm';
import { Dialog } from '../../ui/dialog';
import { Field, Select } from '../../ui/field';
import { cx } from '../../ui/cx';
import { Card, PageHead } from '../../ui/page';
import { Progress } from '../../ui/progress';
import { Blank, Failure, Loaded, Skeleton } from '../../ui/states';
import { Badge, type Level } from '../../ui/status';
import { Table, type Column } from '../../ui/table';

const levels: Record<Pair<ConfigRow>['state'], Level> = { left: 'ok', right: 'gray', different: 'warn', same: 'unknown' };
const states = ['different', 'left', 'right', 'same'] as const;
const perPage = 500; // the most that the server gives at once
const perCopy = 50;

// All configs of a namespace, page after page.
async function everything(ns: string, tell: (done: number, of: number) => void, signal: AbortSignal): Promise<ConfigRow[]> {
  const rows: ConfigRow[] = [];
  for (let pageNo = 1; ; pageNo++) {
    const page = await queryConfigs({ namespaceId: ns, pageNo, pageSize: perPage }, signal);
    rows.push(...page.pageItems);
    tell(rows.length, page.totalCount);
    if (!page.pageItems.length || pageNo >= page.pagesAvailable) return rows;
  }
}

function Choose({ label, value, onChange }: { label: string; value: string; onChange: (ns: string) => void }) {
  const t = useT();
  const me = useMe();
  const { data = [] } = useNamespaces();
  return (
    <Field label={label}>
      {(props) => (
        <Select {...props} value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">{t.transfer.choose}</option>
          {data.filter((one) => may(me, one.namespace || 'public', 'config', 'r')).map((one) => (
            <option key={one.namespace} value={one.namespace || 'public'}>
              {one.namespaceShowName}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

function Difference({ left, right, pair, onClose }: { left: string; right: string; pair: Pair<ConfigRow>; onClose: () => void }) {
  const { groupName: group, dataId, type } = (pair.left ?? pair.right)!;
  const names = [useNamespaceName(left), useNamespaceName(right)] as const;
  const text = async (ns: string, row: ConfigRow | undefined) => (row ? (await getFull({ ns, group, dataId })).content : '');
  const query = useQuery({ queryKey: ['compare', left, right, group, dataId], queryFn: () => Promise.all([text(left, pair.left), text(right, pair.right)]) });
  return (
    <Dialog open onClose={onClose} size="full" title={dataId} description={group}>
      <Loaded query={query}>{([before, after]) => <CodeDiff before={after} after={before} type={type || 'text'} beforeTitle={names[1]} afterTitle={names[0]} className="min-h-80 flex-1" />}</Loaded>
    </Dialog>
  );
}

function CopyOver({ target, pairs, onClose, onDone }: { target: string; pairs: Pair<ConfigRow>[]; onClose: () => void; onDone: () => void }) {
  const t = useT();
  const name = useNamespaceName(target);
  const [done, setDone] = useState(0);
  const replaced = pairs.filter((pair) => pair.right);
  const listeners = replaced.reduce((sum, pair) => sum + pair.right!.listeners, 0);
  const act = useAct({
    run: () => inSteps(pairs, perCopy, (part) => cloneConfigs(target, 'OVERWRITE', part.map(({ left }) => ({ cfgId: left!.id, dataId: left!.dataId, group: left!.groupName }))), setDone),
    done: (results) => t.transfer.result(results.reduce((sum, one) => sum + one.succCount, 0), 0, results.reduce((sum, one) => sum + (one.failData?.length ?? 0), 0)),
    stale: [['compare'], ['configs', target], ['releases', target]],
    then: onDone,
  });
  return (
    <Confirm open onClose={onClose} title={t.compare.copyTitle(pairs.length, name)} submit={t.compare.copy(name)} busy={act.isPending} type={replaced.length > 8 ? target : undefined} onConfirm={() => act.mutate()}>
      <p>{t.compare.creates(pairs.length - replaced.length)}</p>
      <p className={replaced.length ? 'font-medium text-bad' : ''}>{t.compare.replaces(replaced.length)}</p>
      <p>{t.edit.reaches(listeners)}</p>
      {act.isPending && <Progress done={done} of={pairs.length} />}
    </Confirm>
  );
}

function columns(t: Dictionary, left: string, right: string, onOpen: (pair: Pair<ConfigRow>) => void): Column<Pair<ConfigRow>>[] {
  const row = (pair: Pair<ConfigRow>) => (pair.left ?? pair.right)!;
  const words = { left: t.compare.only(left), right: t.compare.only(right), different: t.transfer.states.different, same: t.transfer.states.same };
  return [
    { key: 'dataId', title: t.configs.dataId, cell: (pair) => <span className="block min-w-32 font-medium wrap-anywhere">{row(pair).dataId}<span className="block text-xs font-normal text-fg-3 md:hidden">{row(pair).groupName}</span></span> },
    { key: 'group', title: t.common.group, width: '26%', wide: true, cell: (pair) => <span className="wrap-anywhere">{row(pair).groupName}</span> },
    { key: 'state', title: t.common.state, width: '14rem', cell: (pair) => <Badge level={levels[pair.state]}>{words[pair.state]}</Badge> },
    { key: 'open', title: t.history.compare, quiet: true, width: '3.5rem', align: 'end', cell: (pair) => <IconButton label={t.compare.open(row(pair).dataId)} icon={GitCompareArrows} onClick={() => onOpen(pair)} /> },
  ];
}

function Result({ left, right, pairs }: { left: string; right: string; pairs: Pair<ConfigRow>[] }) {
  const t = useT();
  const me = useMe();
  const [search, change] = useAddress();
  const names = [useNamespaceName(left), useNamespaceName(right)] as const;
  const [opened, setOpened] = useState<Pair<ConfigRow>>();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [copying, setCopying] = useState(false);
  const shown = states.find((state) => state === search.state);
  const rows = pairs.filter((pair) => (shown ? pair.state === shown : pair.state !== 'same'));
  const chosen = rows.filter((pair) => selected.has(pair.key));
  const label = { different: t.transfer.states.different, left: t.compare.only(names[0]), right: t.compare.only(names[1]), same: t.transfer.states.same };
  const why = !may(me, right, 'config', 'w') ? t.configs.mayNot : !chosen.length ? t.compare.chooseRows : chosen.some((pair) => !pair.left) && t.compare.notThere(names[0]);
  return (
    <>
      <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
        {states.map((state) => (
          <button key={state} type="button" aria-pressed={shown === state} onClick={() => change({ state: shown === state ? undefined : state })} className={cx('min-w-0 rounded-xl border bg-surface px-4 py-2.5 text-left hover:border-line-strong', shown === state ? 'border-accent' : 'border-line')}>
            <span className="block truncate text-xs text-fg-2">{label[state]}</span>
            <span className="text-xl font-semibold tabular-nums">{pairs.filter((pair) => pair.state === state).length}</span>
          </button>
        ))}
      </div>
      <Card
        flush
        title={shown ? label[shown] : t.compare.differences}
        actions={
          <Button icon={Copy} why={why} onClick={() => setCopying(true)}>
            {t.compare.copy(names[1])}
          </Button>
        }
      >
        {rows.length ? (
          <Table label={t.compare.title} rows={rows} rowKey={(pair) => pair.key} nameOf={(pair) => pair.key} columns={columns(t, names[0], names[1], setOpened)} selected={selected} onSelect={setSelected} onOpen={setOpened} />
        ) : (
          <Blank icon={GitCompareArrows} title={t.compare.equal} text={t.compare.equalText(pairs.length)} />
        )}
      </Card>
      {opened && <Difference left={left} right={right} pair={opened} onClose={() => setOpened(undefined)} />}
      {copying && (
        <CopyOver
          target={right}
          pairs={chosen}
          onClose={() => setCopying(false)}
          onDone={() => {
            setCopying(false);
            setSelected(new Set());
          }}
        />
      )}
    </>
  );
}

/** Two namespaces side by side: what only one has, what differs, and bringing it over. */
export function ComparePage() {
  const t = useT();
  const here = useNamespace();
  const [search, change] = useAddress();
  const left = search.left ?? here;
  const right = search.right ?? '';
  const [read, setRead] = useState([0, 0, 0, 0]);
  const note = (at: number) => (done: number, of: number) => setRead((old) => old.map((value, i) => (i === at ? done : i === at + 1 ? of : value)));
  const ready = Boolean(left && right && left !== right);
  const query = useQuery({
    queryKey: ['compare', left, right],
    queryFn: async ({ signal }) => pairUp(...(await Promise.all([everything(left, note(0), signal), everything(right, note(2), signal)]))),
    enabled: ready,
  });
  return (
    <>
      <PageHead title={t.compare.title} text={t.compare.text} />
      <div className="flex flex-col gap-4">
        <div className="flex flex-wrap items-end gap-3">
          <div className="w-full sm:w-64">
            <Choose label={t.compare.left} value={left} onChange={(ns) => change({ left: ns, right })} />
          </div>
          <IconButton label={t.compare.swap} icon={ArrowLeftRight} onClick={() => change({ left: right || undefined, right: left })} />
          <div className="w-full sm:w-64">
            <Choose label={t.compare.right} value={right} onChange={(ns) => change({ left, right: ns })} />
          </div>
        </div>
        {!ready && (
          <Card>
            <Blank icon={GitCompareArrows} title={right ? t.compare.itself : t.compare.chooseTwo} />
          </Card>
        )}
        {ready && query.isPending && (query.error ? null : <Card><Progress done={read[0]! + read[2]!} of={read[1]! + read[3]!} /><Skeleton /></Card>)}
        {ready && query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />}
        {ready && query.data && <Result key={`${left} ${right}`} left={left} right={right} pairs={query.data} />}
      </div>
    </>
  );
}
