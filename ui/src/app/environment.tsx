import { Lock } from 'lucide-react';
import type { Policy } from '../api/policy';
import { useT } from '../i18n';
import { cx } from '../ui/cx';
import { useNamespace, useNamespaceName } from './namespace';
import { usePolicy } from './policy';

const tints = {
  red: 'bg-(--env-red)',
  orange: 'bg-(--env-orange)',
  yellow: 'bg-(--env-yellow)',
  green: 'bg-(--env-green)',
  teal: 'bg-(--env-teal)',
  blue: 'bg-(--env-blue)',
  purple: 'bg-(--env-purple)',
  gray: 'bg-(--env-gray)',
} as const;

/** What a namespace is marked with: its colour with a word, and a lock where it is protected. */
export function EnvironmentBadge({ policy, name, className }: { policy: Policy; name: string; className?: string }) {
  const t = useT();
  if (!policy.color && !policy.label && !policy.protected) return null;
  const tint = policy.color ? cx(tints[policy.color], 'text-(--env-fg)') : 'border border-line-strong text-fg-2';
  return (
    <span data-environment={policy.color || 'none'} className={cx('inline-flex h-5 max-w-36 min-w-0 items-center gap-1 rounded px-1.5 text-xs font-semibold', tint, className)}>
      {policy.protected && <Lock size={12} role="img" aria-label={t.policy.protected} className="shrink-0" />}
      {(policy.color || policy.label) && <span className="truncate">{policy.label || name}</span>}
    </span>
  );
}

/** The badge of the namespace that the page is in. */
export function Environment() {
  const ns = useNamespace();
  const name = useNamespaceName(ns);
  return <EnvironmentBadge policy={usePolicy(ns)} name={name} className="shrink-0 max-sm:max-w-16" />;
}

/** A line under the header in the colour of the namespace. */
export function EnvironmentBand() {
  const { color } = usePolicy(useNamespace());
  return color ? <div aria-hidden data-band={color} className={cx('absolute inset-x-0 top-full h-[3px]', tints[color])} /> : null;
}
