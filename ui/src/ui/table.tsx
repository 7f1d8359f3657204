import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp, ChevronRight, ChevronsUpDown } from 'lucide-react';
import { Fragment, useEffect, useRef, useState, useSyncExternalStore, type CSSProperties, type KeyboardEvent, type ReactNode } from 'react';
import { useT } from '../i18n';
import { neighbour } from '../lib/rows';
import { settings } from '../lib/settings';
import { useStore } from '../lib/store';
import { Checkbox } from './choice';
import { cx } from './cx';

export interface Column<T> {
  key: string;
  title: string;
  cell: (row: T) => ReactNode;
  /** A CSS width; one column without it takes what is left. */
  width?: string;
  align?: 'end';
  sortable?: boolean;
  /** The width on a phone, where it differs. */
  narrow?: string;
  /** Not shown on narrow windows. */
  wide?: boolean;
  /** Only on windows that are wide even for a desk. */
  wider?: boolean;
  /** The heading is only spoken. */
  quiet?: boolean;
}

export interface Sort {
  by: string;
  down: boolean;
}

interface Props<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  sort?: Sort | undefined;
  onSort?: (sort: Sort) => void;
  selected?: ReadonlySet<string>;
  onSelect?: (keys: Set<string>) => void;
  onOpen?: (row: T) => void;
  /** The data is being fetched anew. */
  stale?: boolean;
  /** What a check box of this row is called. */
  nameOf?: (row: T) => string;
  /** What is shown below a row that is opened up. */
  detail?: (row: T) => ReactNode;
}

// The windows from which on columns are shown that are wide, and wider: those of md and 2xl.
const windows = { wide: matchMedia('(width >= 48rem)'), wider: matchMedia('(width >= 96rem)') };

const follow = (tell: () => void) => {
  for (const one of Object.values(windows)) one.addEventListener('change', tell);
  return () => {
    for (const one of Object.values(windows)) one.removeEventListener('change', tell);
  };
};

/** How many of the columns are shown in a window as wide as this one. */
function useShown<T>(columns: Column<T>[]): number {
  const wide = useSyncExternalStore(follow, () => windows.wide.matches);
  const wider = useSyncExternalStore(follow, () => windows.wider.matches);
  return columns.filter((column) => (column.wider ? wider : !column.wide || wide)).length;
}

const hidden = <T,>(column: Column<T>) => (column.wider ? 'max-2xl:hidden' : column.wide && 'max-md:hidden');

// As far from the border as all that stands above and below a table.
const edges = 'first:pl-4 last:pr-4 max-md:px-1.5 max-md:first:pl-3 max-md:last:pr-3';

const sized = <T,>({ width, narrow = width }: Column<T>) => ({ '--desk': width, '--phone': narrow }) as CSSProperties;

const virtualFrom = 100; // rows; fewer are simply drawn
const detailHeight = 320; // pixels of what is opened up below a row

function Head<T>({ column, sort, onSort }: { column: Column<T>; sort?: Sort | undefined; onSort?: ((sort: Sort) => void) | undefined }) {
  const active = sort?.by === column.key;
  const Icon = !active ? ChevronsUpDown : sort.down ? ArrowDown : ArrowUp;
  const text = column.quiet ? <span className="sr-only">{column.title}</span> : column.title;
  return (
    <th
      scope="col"
      aria-sort={active ? (sort.down ? 'descending' : 'ascending') : undefined}
      className={cx(edges, 'sticky top-0 z-10 h-9 border-b border-line bg-surface px-3 text-xs font-medium text-fg-3 md:whitespace-nowrap', column.align === 'end' ? 'text-right' : 'text-left', hidden(column))}
    >
      {column.sortable && onSort ? (
        <button type="button" className="-mx-1 inline-flex h-6 items-center gap-1 rounded px-1 hover:bg-hover hover:text-fg" onClick={() => onSort({ by: column.key, down: active ? !sort.down : false })}>
          {text}
          <Icon size={13} aria-hidden className={active ? 'text-accent-text' : 'opacity-60'} />
        </button>
      ) : (
        text
      )}
    </th>
  );
}

// Up and down move between rows, Enter opens what a row is about, x selects it, right and left unfold and fold it.
function keys<T>(event: KeyboardEvent<HTMLTableRowElement>, row: T, open?: (row: T) => void, toggle?: () => void, unfold?: (on: boolean) => void) {
  const line = event.currentTarget;
  if (event.target !== line || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    neighbour(line, event.key === 'ArrowDown')?.focus();
    event.preventDefault();
  } else if (unfold && (event.key === 'ArrowRight' || event.key === 'ArrowLeft')) {
    unfold(event.key === 'ArrowRight');
    event.preventDefault();
  } else if (event.key === 'Enter') {
    if (open) open(row);
    else line.querySelector<HTMLElement>('a[href]')?.click();
  } else if (event.key.toLowerCase() === 'x' && settings.get().shortcuts) {
    toggle?.();
  }
}

export function Table<T>(props: Props<T>) {
  const { label, columns, rows, rowKey, sort, onSort, selected, onSelect, onOpen, stale, nameOf = rowKey, detail } = props;
  const t = useT();
  const scroller = useRef<HTMLDivElement>(null);
  const anchor = useRef<string>(undefined);
  const compact = useStore(settings).density === 'compact';
  const virtual = rows.length > virtualFrom;
  const rowHeight = compact ? 32 : 40;
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const isOpen = (index: number) => Boolean(detail) && open.size > 0 && open.has(rowKey(rows[index]!));
  const virtualizer = useVirtualizer({ count: virtual ? rows.length : 0, getScrollElement: () => scroller.current, estimateSize: (index) => rowHeight + (isOpen(index) ? detailHeight : 0), overscan: 12 });
  useEffect(() => virtualizer.measure(), [virtualizer, open]);
  const unfold = (key: string, on: boolean) => setOpen(new Set(on ? [...open, key] : [...open].filter((one) => one !== key)));
  const items = virtual ? virtualizer.getVirtualItems() : undefined;
  const shown = items ? items.map((item) => item.index) : rows.map((_, index) => index);
  const before = items?.[0]?.start ?? 0;
  const after = items?.length ? virtualizer.getTotalSize() - items.at(-1)!.end : 0;

  const toggle = (key: string, range: boolean) => {
    const next = new Set(selected);
    const from = range && anchor.current !== undefined ? rows.findIndex((row) => rowKey(row) === anchor.current) : -1;
    const to = rows.findIndex((row) => rowKey(row) === key);
    const on = !next.has(key);
    for (let i = Math.min(from < 0 ? to : from, to); i <= Math.max(from, to); i++) {
      if (on) next.add(rowKey(rows[i]!));
      else next.delete(rowKey(rows[i]!));
    }
    anchor.current = key;
    onSelect?.(next);
  };
  const here = new Set(rows.map(rowKey));
  const chosen = selected ? [...here].filter((key) => selected.has(key)).length : 0;
  const selectHere = (on: boolean) => onSelect?.(new Set([...(selected ?? [])].filter((key) => on || !here.has(key)).concat(on ? [...here] : [])));
  const width = useShown(columns) + (onSelect ? 1 : 0) + (detail ? 1 : 0);

  return (
    <div ref={scroller} role="region" aria-label={label} tabIndex={0} className={cx('overflow-auto rounded-[inherit] transition-opacity', virtual && 'h-[calc(100dvh-17rem)] min-h-80', stale && 'opacity-70')}>
      <table aria-label={label} aria-rowcount={rows.length + 1} className="w-full table-fixed border-separate max-md:table-auto border-spacing-0 text-sm">
        <colgroup>
          {onSelect && <col className="w-10 max-md:w-8" />}
          {detail && <col className="w-8 max-md:w-7" />}
          {columns.map((column) => (
            <col key={column.key} style={sized(column)} className={cx(column.width && 'w-(--desk)', (column.narrow ?? column.width) && 'max-md:w-(--phone)', hidden(column))} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {onSelect && (
              <th scope="col" className="sticky top-0 z-10 h-9 border-b border-line bg-surface pl-4 text-left max-md:pl-3">
                <Checkbox quiet label={t.table.selectAll} checked={chosen === 0 ? false : chosen === rows.length ? true : 'indeterminate'} onChange={selectHere} />
              </th>
            )}
            {detail && (
              <th scope="col" className="sticky top-0 z-10 h-9 w-8 border-b border-line bg-surface">
                <span className="sr-only">{t.table.preview}</span>
              </th>
            )}
            {columns.map((column) => (
              <Head key={column.key} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <tr aria-hidden><td style={{ height: before }} /></tr>}
          {shown.map((index) => {
            const row = rows[index]!;
            const key = rowKey(row);
            const on = selected?.has(key) ?? false;
            const unfolded = isOpen(index);
            return (
              <Fragment key={key}>
              <tr
                aria-rowindex={index + 2}
                aria-selected={onSelect ? on : undefined}
                tabIndex={-1}
                onKeyDown={(event) => keys(event, row, onOpen, onSelect && (() => toggle(key, event.shiftKey)), detail && ((to) => unfold(key, to)))}
                className={cx('group h-(--row) [&>td]:border-b [&>td]:border-line last:[&>td]:border-b-0', on ? 'bg-selected' : 'hover:bg-hover')}
              >
                {onSelect && (
                  <td className="pl-4 max-md:pl-3" onClickCapture={(event) => { if (event.shiftKey) { event.stopPropagation(); event.preventDefault(); toggle(key, true); } }}>
                    <Checkbox quiet label={t.table.select(nameOf(row))} checked={on} onChange={() => toggle(key, false)} />
                  </td>
                )}
                {detail && (
                  <td className="pl-1">
                    <button
                      type="button"
                      aria-label={t.table.previewOf(nameOf(row))}
                      aria-expanded={unfolded}
                      onClick={() => unfold(key, !unfolded)}
                      className="inline-flex size-6 items-center justify-center rounded-md text-fg-3 hover:bg-hover hover:text-fg"
                    >
                      <ChevronRight size={15} aria-hidden className={cx('transition-transform', unfolded && 'rotate-90')} />
                    </button>
                  </td>
                )}
                {columns.map((column) => (
                  <td key={column.key} className={cx(edges, 'px-3 py-1', column.align === 'end' && 'text-right', hidden(column))}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
              {unfolded && (
                <tr>
                  <td colSpan={width} className="border-b border-line bg-sunken p-0">
                    <div className="overflow-auto" style={virtual ? { height: detailHeight } : { maxHeight: detailHeight }}>{detail!(row)}</div>
                  </td>
                </tr>
              )}
              </Fragment>
            );
          })}
          {after > 0 && <tr aria-hidden><td style={{ height: after }} /></tr>}
        </tbody>
      </table>
    </div>
  );
}
