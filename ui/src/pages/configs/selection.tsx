import { Copy, Download, Tags, Trash2 } from 'lucide-react';
import { maxPlanned } from '../../api/bulk';
import { configList, exportAddress, matching, type ConfigPage, type ConfigRow } from '../../api/extconfig';
import { useKept, type Search } from '../../app/query';
import { may, useMe } from '../../app/server';
import { useT } from '../../i18n';
import { follow } from '../../lib/save';
import { Button } from '../../ui/button';

/** What an act is about: these configurations, or all that the list finds. */
export type Chosen = { rows: ConfigRow[] } | { all: number; filter: ReturnType<typeof matching> };

export const countOf = (chosen: Chosen) => ('rows' in chosen ? chosen.rows.length : chosen.all);

interface Kept {
  /** The list in which it was selected: in another one nothing is. */
  of: string;
  rows: ReadonlyMap<string, ConfigRow>;
  /** All that the list finds, on whichever page. */
  all: boolean;
}

/** What is selected, on all pages of the list; who comes back to it finds it selected. */
export function useSelection(ns: string, search: Search, page: ConfigPage | undefined) {
  const [kept, keep] = useKept<Kept>('configs', { of: '', rows: new Map(), all: false });
  const { pageNo: _page, pageSize: _size, sort: _sort, order: _order, ...list } = configList(ns, search);
  const of = JSON.stringify(list);
  const here = new Map(page?.pageItems.map((row) => [row.id, row]));
  const rows = kept.of === of ? kept.rows : new Map<string, ConfigRow>();
  const total = page?.totalCount ?? 0;
  const all = kept.of === of && kept.all && total > 0;
  return {
    all,
    total,
    rows: [...rows.values()].map((row) => here.get(row.id) ?? row),
    onPage: [...rows.keys()].filter((id) => here.has(id)).length,
    /** Every row of the page, and there are more on others. */
    whole: here.size > 0 && here.size < total && [...here.keys()].every((id) => rows.has(id)),
    selected: all ? new Set(here.keys()) : new Set(rows.keys()),
    select: (ids: ReadonlySet<string>) => keep({ of, all: false, rows: new Map([...ids].flatMap((id) => (here.get(id) ?? rows.get(id) ? [[id, (here.get(id) ?? rows.get(id))!]] : []))) }),
    selectAll: () => keep({ of, rows, all: true }),
    clear: () => keep({ of, rows: new Map(), all: false }),
  };
}

interface Props {
  ns: string;
  search: Search;
  filtered: boolean;
  selection: ReturnType<typeof useSelection>;
  onClone: (chosen: Chosen) => void;
  onLabel: (chosen: Chosen) => void;
  onDelete: (chosen: Chosen) => void;
}

/** What can be done to what is selected. */
export function SelectionBar({ ns, search, filtered, selection, onClone, onLabel, onDelete }: Props) {
  const t = useT();
  const me = useMe();
  const { all, total, rows, onPage, whole } = selection;
  if (!all && !rows.length) return null;
  // Made when it is asked for: it has the time in it.
  const chosen = (): Chosen => (all ? { all: total, filter: matching(configList(ns, search)) } : { rows });
  const save = () => follow(exportAddress(all ? { namespaceId: ns, query: true, ...matching(configList(ns, search)) } : { namespaceId: ns, ids: rows.map((row) => row.id).join(',') }));
  const many = (all ? total : rows.length) > maxPlanned && t.bulk.most(maxPlanned);
  const writes = all ? may(me, ns, 'config', 'w') : rows.every((row) => row.may.includes('w'));
  const why = (!writes && t.configs.mayNot) || many;
  const count = all ? t.table.allSelected(total) : t.table.selected(rows.length);
  return (
    <div role="toolbar" aria-label={count} className="sticky bottom-3 z-20 mx-auto mt-3 flex w-fit max-w-full flex-wrap items-center gap-2 rounded-xl border border-line bg-raised px-3 py-2 shadow-pop">
      <span aria-live="polite" className="px-1 text-sm font-medium">
        {count}
        {!all && onPage < rows.length && <span className="font-normal text-fg-2"> {t.table.elsewhere(rows.length - onPage)}</span>}
      </span>
      {!all && whole && (
        <Button look="ghost" className="text-accent-text" onClick={selection.selectAll}>
          {filtered ? t.table.selectMatching(total) : t.configs.selectEvery(total)}
        </Button>
      )}
      <Button icon={Download} onClick={save}>
        {t.configs.export}
      </Button>
      <Button icon={Copy} why={many} onClick={() => onClone(chosen())}>
        {t.configs.clone}
      </Button>
      <Button writes icon={Tags} why={why} onClick={() => onLabel(chosen())}>
        {t.configs.label}
      </Button>
      <Button writes icon={Trash2} why={why} onClick={() => onDelete(chosen())}>
        {t.common.delete}
      </Button>
      <Button look="ghost" onClick={selection.clear}>
        {t.common.clear}
      </Button>
    </div>
  );
}
