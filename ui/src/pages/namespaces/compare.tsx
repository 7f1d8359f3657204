import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ArrowLeftRight, Copy, GitCompareArrows } from 'lucide-react';
import { useState } from 'react';
import { compareNamespaces, type ComparePage as Compared, type Pair, type PairState, type Side, type StatedPair } from '../../api/compare';
import { getFull } from '../../api/extconfig';
import { paging } from '../../api/types';
import { useNamespace, useNamespaceName, useNamespaces } from '../../app/namespace';
import { useAddress, usePaging } from '../../app/query';
import { may, useMe } from '../../app/server';
import { useT, type Dictionary } from '../../i18n';
import { number } from '../../lib/time';
import { Button, IconButton } from '../../ui/button';
import { CodeDiff } from '../../ui/code/lazy';
import { Dialog } from '../../ui/dialog';
import { Field, Select } from '../../ui/field';
import { cx } from '../../ui/cx';
import { Card, PageHead } from '../../ui/page';
import { Pager } from '../../ui/pager';
import { Blank, Loaded } from '../../ui/states';
import { Badge, type Level } from '../../ui/status';
import { Table, type Column } from '../../ui/table';
import { PlanDialog } from '../bulk/plan';

const levels: Record<PairState, Level> = { left: 'ok', right: 'gray', different: 'warn', same: 'unknown' };
const states = ['different', 'left', 'right', 'same'] as const;
const perPage = 100;
const keyOf = (pair: Pair) => `${pair.groupName}/${pair.dataId}`;

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

const shownKeys = 8; // of a kind; the rest is counted

// Which keys differ, in one line for each kind: of the left text seen from the right one,
// as the text of the left is what a copy brings to the right.
function Keys({ pair }: { pair: Pair }) {
  const t = useT();
  if (!pair.semantic || !pair.counts) return null;
  const lines = [
    [t.compare.added, pair.keysRemoved, pair.counts.removed],
    [t.compare.removed, pair.keysAdded, pair.counts.added],
    [t.compare.changed, pair.keysChanged, pair.counts.changed],
  ] as const;
  return (
    <ul className="space-y-1 text-sm">
      {lines.map(([label, names = [], count]) =>
        count ? (
          <li key={label} className="wrap-anywhere">
            <span className="text-fg-2">{label}</span> <span className="font-mono text-xs">{names.slice(0, shownKeys).join(', ')}</span>
            {count > shownKeys && <span className="text-fg-2"> {t.configs.andMore(count - shownKeys)}</span>}
          </li>
        ) : null,
      )}
      {pair.masked && <li className="text-fg-2">{t.compare.masked}</li>}
    </ul>
  );
}

function Difference({ left, right, pair, onClose }: { left: string; right: string; pair: Pair; onClose: () => void }) {
  const { groupName: group, dataId } = pair;
  const { type } = (pair.left ?? pair.right)!;
  const names = [useNamespaceName(left), useNamespaceName(right)] as const;
  const text = async (ns: string, side: Side | null) => (side ? (await getFull({ ns, group, dataId })).content : '');
  const query = useQuery({ queryKey: ['compare', left, right, group, dataId, pair.left?.md5, pair.right?.md5], queryFn: () => Promise.all([text(left, pair.left), text(right, pair.right)]) });
  return (
    <Dialog open onClose={onClose} size="full" title={dataId} description={group}>
      <Keys pair={pair} />
      <Loaded query={query}>{([before, after]) => <CodeDiff before={after} after={before} type={type || 'text'} beforeTitle={names[1]} afterTitle={names[0]} className="min-h-80 flex-1" />}</Loaded>
    </Dialog>
  );
}

interface CopyProps {
  source: string;
  target: string;
  pairs: Pair[];
  onClose: () => void;
  onDone: () => void;
}

const typeAbove = 8; // configurations that are replaced; more than these have to be counted by who replaces them

function CopyOver({ source, target, pairs, onClose, onDone }: CopyProps) {
  const t = useT();
  const name = useNamespaceName(target);
  const replaced = pairs.filter((pair) => pair.right).length;
  const names = pairs.map(({ groupName, dataId }) => ({ groupName, dataId }));
  return (
    <PlanDialog
      title={t.compare.copyTitle(pairs.length, name)}
      ask={{ action: 'config.clone', namespaceId: source, selection: names, more: { targetNamespaceId: target, policy: 'OVERWRITE' } }}
      submit={t.compare.copy(name)}
      danger={replaced > 0}
      {...(replaced > typeAbove ? { typeAbove } : {})}
      stale={[['compare'], ['configs', target], ['releases', target]]}
      done={(count) => t.transfer.result(count, 0, 0)}
      again={(items) => items.map(({ target: { groupName, dataId } }) => ({ groupName, dataId }))}
      onClose={onClose}
      onDone={onDone}
    >
      <p className="text-sm">
        {t.compare.creates(pairs.length - replaced)} <span className={replaced ? 'font-medium text-bad' : ''}>{t.compare.replaces(replaced)}</span>
      </p>
    </PlanDialog>
  );
}

// How many keys a copy to the right would add, remove and change.
function KeyCount({ pair }: { pair: Pair }) {
  const t = useT();
  if (!pair.counts) return <span className="text-fg-3">–</span>;
  if (!pair.semantic) return <span className="text-fg-3">{t.compare.asText}</span>;
  const { added: removed, removed: added, changed } = pair.counts;
  if (!added && !removed && !changed) return <span className="text-fg-3">{pair.masked ? t.compare.onlySecrets : t.compare.noKey}</span>;
  return (
    <span className="flex flex-wrap gap-x-2 tabular-nums">
      <span className="sr-only">{t.compare.keys(added, removed, changed)}</span>
      <span aria-hidden className="text-ok">+{number(added)}</span>
      <span aria-hidden className="text-bad">−{number(removed)}</span>
      <span aria-hidden className="text-warn">~{number(changed)}</span>
    </span>
  );
}

function columns(t: Dictionary, left: string, right: string, onOpen: (pair: StatedPair) => void): Column<StatedPair>[] {
  const words = { left: t.compare.only(left), right: t.compare.only(right), different: t.transfer.states.different, same: t.transfer.states.same };
  return [
    { key: 'dataId', title: t.configs.dataId, cell: (pair) => <span className="block min-w-32 font-medium wrap-anywhere">{pair.dataId}<span className="block text-xs font-normal text-fg-3 md:hidden">{pair.groupName}</span></span> },
    { key: 'group', title: t.common.group, width: '22%', wide: true, cell: (pair) => <span className="wrap-anywhere">{pair.groupName}</span> },
    { key: 'state', title: t.common.state, width: '11rem', narrow: '1%', cell: (pair) => <span className="block max-md:max-w-28"><Badge level={levels[pair.state]} title={words[pair.state]}>{words[pair.state]}</Badge></span> },
    { key: 'keys', title: t.compare.keyCount, width: '10rem', wide: true, cell: (pair) => <KeyCount pair={pair} /> },
    { key: 'open', title: t.history.compare, quiet: true, width: '3.5rem', align: 'end', cell: (pair) => <IconButton label={t.compare.open(pair.dataId)} icon={GitCompareArrows} onClick={() => onOpen(pair)} /> },
  ];
}

function Result({ left, right, page, stale }: { left: string; right: string; page: Compared; stale: boolean }) {
  const t = useT();
  const me = useMe();
  const [search, change] = useAddress();
  const pages = usePaging(perPage);
  const names = [useNamespaceName(left), useNamespaceName(right)] as const;
  const [opened, setOpened] = useState<StatedPair>();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [copying, setCopying] = useState<Pair[]>(); // as they were chosen: what is copied leaves the list
  const shown = states.find((state) => state === search.state);
  const rows = page.pageItems;
  const chosen = rows.filter((pair) => selected.has(keyOf(pair)));
  const label = { different: t.transfer.states.different, left: t.compare.only(names[0]), right: t.compare.only(names[1]), same: t.transfer.states.same };
  const why = !may(me, right, 'config', 'w') ? t.configs.mayNot : !chosen.length ? t.compare.chooseRows : chosen.some((pair) => !pair.left) && t.compare.notThere(names[0]);
  return (
    <>
      <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
        {states.map((state) => (
          <button key={state} type="button" aria-pressed={shown === state} onClick={() => change({ state: shown === state ? undefined : state, page: undefined })} className={cx('min-w-0 rounded-xl border bg-surface px-4 py-2.5 text-left hover:border-line-strong', shown === state ? 'border-accent' : 'border-line')}>
            <span className="block truncate text-xs text-fg-2">{label[state]}</span>
            <span className="text-xl font-semibold tabular-nums">{number(page.counts[state])}</span>
          </button>
        ))}
      </div>
      <Card
        flush
        title={shown ? label[shown] : t.compare.differences}
        actions={
          <Button icon={Copy} why={why} onClick={() => setCopying(chosen)}>
            {t.compare.copy(names[1])}
          </Button>
        }
      >
        {rows.length ? (
          <>
            <Table label={t.compare.title} rows={rows} rowKey={keyOf} nameOf={keyOf} columns={columns(t, names[0], names[1], setOpened)} selected={selected} onSelect={setSelected} onOpen={setOpened} stale={stale} />
            <Pager page={pages.page} size={pages.size} total={page.totalCount} onChange={pages.go} />
          </>
        ) : (
          <Blank icon={GitCompareArrows} title={t.compare.equal} text={t.compare.equalText(states.reduce((sum, state) => sum + page.counts[state], 0))} />
        )}
      </Card>
      {opened && <Difference left={left} right={right} pair={opened} onClose={() => setOpened(undefined)} />}
      {copying && (
        <CopyOver
          source={left}
          target={right}
          pairs={copying}
          onClose={() => setCopying(undefined)}
          onDone={() => {
            setCopying(undefined);
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
  const ready = Boolean(left && right && left !== right);
  const q = { left, right, state: states.find((state) => state === search.state), ...paging(search, perPage) };
  const query = useQuery({
    queryKey: ['compare', left, right, q],
    queryFn: ({ signal }) => compareNamespaces(q, signal),
    enabled: ready,
    placeholderData: (old, last) => (last?.queryKey[1] === left && last.queryKey[2] === right ? keepPreviousData(old) : undefined),
  });
  return (
    <>
      <PageHead title={t.compare.title} text={t.compare.text} />
      <div className="flex flex-col gap-4">
        <div className="grid grid-cols-[minmax(0,1fr)_auto_minmax(0,1fr)] items-end gap-2 sm:grid-cols-[16rem_auto_16rem] sm:justify-start">
          <div>
            <Choose label={t.compare.left} value={left} onChange={(ns) => change({ left: ns, right, page: undefined })} />
          </div>
          <IconButton label={t.compare.swap} icon={ArrowLeftRight} onClick={() => change({ left: right || undefined, right: left, page: undefined })} />
          <div>
            <Choose label={t.compare.right} value={right} onChange={(ns) => change({ left, right: ns, page: undefined })} />
          </div>
        </div>
        {!ready && (
          <Card>
            <Blank icon={GitCompareArrows} title={right ? t.compare.itself : t.compare.chooseTwo} />
          </Card>
        )}
        {ready && <Loaded query={query}>{(page) => <Result key={`${left} ${right}`} left={left} right={right} page={page} stale={query.isPlaceholderData} />}</Loaded>}
      </div>
    </>
  );
}
