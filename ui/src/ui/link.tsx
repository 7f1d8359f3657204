import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { cx } from './cx';

export const linkLook = 'text-accent-text hover:underline';

/** The link to the thing that a row is about. */
export function ConfigLink({ ns, group, dataId, tab, className, children }: { ns: string; group: string; dataId: string; tab?: string; className?: string; children?: ReactNode }) {
  return (
    <Link to="/ns/$ns/configs/$group/$name" params={{ ns, group, name: dataId }} search={tab ? { tab } : {}} className={cx(linkLook, 'wrap-anywhere', className)}>
      {children ?? dataId}
    </Link>
  );
}

export function ServiceLink({ ns, group, service, tab, className }: { ns: string; group: string; service: string; tab?: string; className?: string }) {
  return (
    <Link to="/ns/$ns/services/$group/$name" params={{ ns, group, name: service }} search={tab ? { tab } : {}} className={cx(linkLook, 'wrap-anywhere', className)}>
      {service}
    </Link>
  );
}

/** A link that looks like a button. */
export const buttonLink = (look: 'primary' | 'plain' = 'plain') =>
  cx(
    'inline-flex h-8 shrink-0 items-center justify-center gap-1.5 rounded-md border px-3 text-sm font-medium whitespace-nowrap transition-colors',
    look === 'primary' ? 'border-transparent bg-accent text-accent-fg hover:bg-accent-hover' : 'border-line bg-surface hover:border-line-strong hover:bg-hover',
  );
