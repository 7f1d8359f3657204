import { Ban, CircleAlert, Inbox, RefreshCw, SearchX, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { ApiError, Unreachable } from '../api/errors';
import { useT } from '../i18n';
import { errorText } from '../i18n/errors';
import { serverVersion } from '../app/server';
import { Button } from './button';
import { CopyButton } from './copybutton';
import { cx } from './cx';
import { PageHead } from './page';

interface Props {
  icon?: LucideIcon;
  title: ReactNode;
  text?: ReactNode;
  children?: ReactNode;
  tone?: 'quiet' | 'bad';
}

/** What stands where rows would be when there are none. */
export function Blank({ icon: Icon = Inbox, title, text, children, tone = 'quiet' }: Props) {
  return (
    <div className="late flex flex-col items-center gap-2 px-6 py-14 text-center">
      <span className={cx('flex size-11 items-center justify-center rounded-full', tone === 'bad' ? 'bg-bad-soft text-bad' : 'bg-tag text-fg-3')}>
        <Icon size={21} aria-hidden />
      </span>
      <div className="mt-1 text-base font-medium text-balance">{title}</div>
      {text && <p className="max-w-lg text-sm text-balance text-fg-2 wrap-anywhere">{text}</p>}
      {children && <div className="mt-3 flex flex-wrap justify-center gap-2">{children}</div>}
    </div>
  );
}

export function NoMatch({ onClear }: { onClear: () => void }) {
  const t = useT();
  return (
    <Blank icon={SearchX} title={t.states.noMatch} text={t.states.noMatchText}>
      <Button onClick={onClear}>{t.states.clearFilter}</Button>
    </Blank>
  );
}

/** What stands where nothing may be seen. */
export function Denied() {
  const t = useT();
  return <Blank icon={Ban} title={t.states.forbidden} text={t.errors.forbidden} />;
}

function diagnostics(error: unknown): string {
  const at = new Date().toISOString();
  if (error instanceof ApiError) {
    const { method, path, status, code, key, message } = error;
    return JSON.stringify({ at, method, path, status, code, key, message, version: serverVersion() }, null, 2);
  }
  if (error instanceof Unreachable) return JSON.stringify({ at, method: error.method, path: error.path, message: error.message }, null, 2);
  return JSON.stringify({ at, message: String(error) }, null, 2);
}

/** A region that could not be loaded; the rest of the page goes on. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = useT();
  const forbidden = error instanceof ApiError && error.forbidden;
  const missing = error instanceof ApiError && error.missing;
  const title = forbidden ? t.states.forbidden : missing ? t.states.missing : t.states.failed;
  return (
    <div role="alert">
      <Blank icon={forbidden ? Ban : missing ? SearchX : CircleAlert} tone={forbidden || missing ? 'quiet' : 'bad'} title={title} text={errorText(error)}>
        {onRetry && (
          <Button icon={RefreshCw} onClick={onRetry}>
            {t.common.retry}
          </Button>
        )}
        <CopyButton text={() => diagnostics(error)} label={t.states.copyDiagnostics} wide />
      </Blank>
    </div>
  );
}

/** Lines in the shape of what will come. */
export function Skeleton({ rows = 6, className }: { rows?: number; className?: string }) {
  const t = useT();
  return (
    <div role="status" aria-label={t.states.loading} className={cx('late flex flex-col gap-3 p-4', className)}>
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className="skeleton h-4" style={{ width: `${[92, 74, 83, 66, 88, 58][i % 6]}%` }} />
      ))}
    </div>
  );
}

/** Rows of a table that is to come, as high as its own. */
export function RowSkeleton({ rows = 8 }: { rows?: number }) {
  const t = useT();
  return (
    <div role="status" aria-label={t.states.loading} className="late">
      {Array.from({ length: rows + 1 }, (_, i) => (
        <div key={i} className={cx('gutter flex items-center gap-6 border-line not-last:border-b', i ? 'h-(--row)' : 'h-9')}>
          {(['w-5/12', 'w-2/12', 'w-1/12 max-md:hidden', 'w-2/12'] as const).map((width, at) => (
            <span key={width} className={width}>
              <span className={cx('skeleton block', i ? 'h-3.5' : 'h-2.5')} style={{ width: `${i ? [92, 74, 83, 66, 88, 58][(i + at) % 6] : 40}%` }} />
            </span>
          ))}
        </div>
      ))}
    </div>
  );
}

/** Tiles and cards that are to come. */
export function CardSkeleton() {
  const t = useT();
  return (
    <div role="status" aria-label={t.states.loading} className="late flex flex-col gap-4">
      <div className="grid grid-cols-2 gap-3 sm:grid-cols-3 xl:grid-cols-6">
        {Array.from({ length: 6 }, (_, i) => (
          <div key={i} className="flex h-24 flex-col gap-2 rounded-xl border border-line bg-surface p-4">
            <div className="skeleton h-3 w-1/2" />
            <div className="skeleton h-7 w-1/3" />
          </div>
        ))}
      </div>
      <div className="grid gap-3 md:grid-cols-2 xl:grid-cols-4">
        {Array.from({ length: 8 }, (_, i) => (
          <div key={i} className="flex h-52 flex-col gap-3 rounded-xl border border-line bg-surface p-4">
            <div className="skeleton h-3.5 w-1/3" />
            <div className="skeleton min-h-0 flex-1" />
          </div>
        ))}
      </div>
    </div>
  );
}

/** A strip across a region: something to know before reading on. */
export function Strip({ tone = 'warn', icon: Icon = CircleAlert, children, action }: { tone?: 'warn' | 'bad' | 'info'; icon?: LucideIcon; children: ReactNode; action?: ReactNode }) {
  const tints = { warn: 'bg-warn-soft text-warn', bad: 'bg-bad-soft text-bad', info: 'bg-accent-soft text-accent-text' };
  return (
    <div className={cx('flex flex-wrap items-center gap-x-3 gap-y-1 rounded-lg px-3 py-2 text-sm', tints[tone])}>
      <Icon size={16} aria-hidden className="shrink-0" />
      <span className="min-w-0 flex-[1_1_14rem] wrap-anywhere">{children}</span>
      {action}
    </div>
  );
}

interface Query<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

/** Shows what a query brings, or why it does not; with a title where that is the whole page. */
export function Loaded<T>({ query, rows, shape, title, crumbs, children }: { query: Query<T>; rows?: number; /** What stands for what is to come. */ shape?: ReactNode; title?: string; crumbs?: ReactNode; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  return (
    <>
      {title && <PageHead title={title} {...(crumbs ? { crumbs } : {})} />}
      {query.error ? <Failure error={query.error} onRetry={() => void query.refetch()} /> : (shape ?? <Skeleton {...(rows ? { rows } : {})} {...(title ? { className: 'rounded-xl border border-line bg-surface' } : {})} />)}
    </>
  );
}
