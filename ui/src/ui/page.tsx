import { Tabs as R } from 'radix-ui';
import { useEffect, useRef, type ReactNode } from 'react';
import { cx } from './cx';

interface HeadProps {
  title: ReactNode;
  /** The name for the browser's tab, when the title is not plain text. */
  name?: string;
  crumbs?: ReactNode;
  badges?: ReactNode;
  text?: ReactNode;
  actions?: ReactNode;
}

export function PageHead({ title, name, crumbs, badges, text, actions }: HeadProps) {
  const said = name ?? (typeof title === 'string' ? title : '');
  useEffect(() => {
    document.title = said ? `${said} · Pharos` : 'Pharos';
  }, [said]);
  return (
    <header className="mb-4 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        {crumbs && <nav className="mb-0.5 flex flex-wrap items-center gap-1 text-xs wrap-anywhere text-fg-3 *:min-w-0">{crumbs}</nav>}
        <div className="flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1">
          <h1 className="text-xl font-semibold wrap-anywhere">{title}</h1>
          {badges}
        </div>
        {text && <p className="mt-0.5 max-w-3xl text-sm text-fg-2">{text}</p>}
      </div>
      {actions && <div className="ml-auto flex flex-wrap items-center justify-end gap-2">{actions}</div>}
    </header>
  );
}

export function Card({ title, actions, children, className, flush }: { title?: ReactNode; actions?: ReactNode; children: ReactNode; className?: string; flush?: boolean }) {
  return (
    <section className={cx('min-w-0 rounded-xl border border-line bg-surface', className)}>
      {(title || actions) && (
        <div className="flex gutter min-h-11 flex-wrap items-center justify-between gap-2 pt-2">
          <h2 className="min-w-0 flex-[1_1_8rem] text-sm font-semibold">{title}</h2>
          {actions}
        </div>
      )}
      <div className={flush ? 'rounded-[inherit]' : cx('gutter pb-4', title || actions ? 'pt-2' : 'pt-4')}>{children}</div>
    </section>
  );
}

interface TabsProps {
  value: string;
  onChange: (value: string) => void;
  label: string;
  tabs: { key: string; /** The key that opens it. */ letter?: string; title: ReactNode; content: () => ReactNode }[];
}

export function Tabs({ value, onChange, label, tabs }: TabsProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => { // where there is no room for all, the one that is shown is seen
    const row = list.current!;
    const show = () => {
      const at = row.querySelector<HTMLElement>('[data-state=active]');
      if (at) row.scrollLeft = Math.min(Math.max(row.scrollLeft, at.offsetLeft + at.offsetWidth - row.clientWidth), at.offsetLeft);
    };
    const watch = new ResizeObserver(show); // a count in a title comes later, and makes it wider
    for (const one of row.children) watch.observe(one);
    show();
    return () => watch.disconnect();
  }, [value]);
  return (
    <R.Root value={value} onValueChange={onChange}>
      <R.List ref={list} aria-label={label} className="relative mb-4 flex gap-1 overflow-x-auto border-b border-line">
        {tabs.map((tab) => (
          <R.Trigger key={tab.key} value={tab.key} data-key={tab.letter} className="-mb-px h-9 shrink-0 border-b-2 border-transparent px-3 text-sm text-fg-2 -outline-offset-2 hover:text-fg data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-fg">
            {tab.title}
          </R.Trigger>
        ))}
      </R.List>
      {tabs.map((tab) => (
        <R.Content key={tab.key} value={tab.key} tabIndex={-1}>
          {tab.key === value && tab.content()}
        </R.Content>
      ))}
    </R.Root>
  );
}

/** Names and values, one under the other on a phone. */
export function Facts({ items }: { items: (readonly [string, ReactNode] | false | undefined | '' | null)[] }) {
  return (
    <dl className="grid grid-cols-[minmax(6rem,max-content)_minmax(0,1fr)] gap-x-5 gap-y-1.5 text-sm">
      {items.filter((item) => !!item).map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-fg-3">{name}</dt>
          <dd className="min-w-0 wrap-anywhere">{value === '' || value === null || value === undefined ? <span className="text-fg-3">–</span> : value}</dd>
        </div>
      ))}
    </dl>
  );
}
