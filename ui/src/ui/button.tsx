import { LoaderCircle, type LucideIcon } from 'lucide-react';
import { Tooltip } from 'radix-ui';
import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import { refused } from '../app/leader';
import { useT } from '../i18n';
import { useStore } from '../lib/store';
import { cx } from './cx';

type Look = 'primary' | 'plain' | 'ghost' | 'danger';

const looks: Record<Look, string> = {
  primary: 'bg-accent text-accent-fg border-transparent hover:bg-accent-hover',
  plain: 'bg-surface text-fg border-line hover:bg-hover hover:border-line-strong',
  ghost: 'bg-transparent text-fg-2 border-transparent hover:bg-hover hover:text-fg',
  danger: 'bg-bad text-bad-fg border-transparent hover:opacity-90',
};

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  icon?: LucideIcon;
  busy?: boolean;
  /** Why the button cannot be used; it stays focusable so that the reason can be read. */
  why?: string | false | undefined;
  /** It writes what the nodes have to agree on: without a leader it cannot be used. */
  writes?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ look = 'plain', icon: Icon, busy, why: given, writes, className, children, onClick, disabled, ...rest }: Props) {
  const t = useT();
  const leaderless = useStore(refused) === 'all' && writes;
  const why = leaderless ? t.states.leaderless.all : given;
  const off = Boolean(why) || busy || disabled;
  const button = (
    <button
      type="button"
      {...rest}
      aria-disabled={off || undefined}
      aria-busy={busy || undefined}
      onClick={off ? (event) => event.preventDefault() : onClick}
      className={cx(
        'inline-flex h-8 shrink-0 items-center justify-center gap-1.5 rounded-md border px-3 text-sm font-medium whitespace-nowrap transition-colors',
        looks[look],
        off && 'cursor-not-allowed opacity-55',
        className,
      )}
    >
      {busy ? <LoaderCircle size={15} aria-hidden className="animate-spin" /> : Icon && <Icon size={15} aria-hidden />}
      {children}
    </button>
  );
  return why ? <Tip text={why}>{button}</Tip> : button;
}

interface IconProps extends Omit<Props, 'children' | 'look'> {
  label: string;
  icon: LucideIcon;
}

/** A button with a picture only; its name shows on hover and focus. */
export function IconButton({ label, icon: Icon, className, ...rest }: IconProps) {
  return (
    <Tip text={label}>
      <button
        type="button"
        aria-label={label}
        {...rest}
        className={cx('inline-flex size-8 shrink-0 items-center justify-center rounded-md text-fg-2 transition-colors hover:bg-hover hover:text-fg disabled:opacity-50', className)}
      >
        <Icon size={16} aria-hidden />
      </button>
    </Tip>
  );
}

export function Tip({ text, children }: { text: ReactNode; children: ReactNode }) {
  return (
    <Tooltip.Root delayDuration={400}>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content sideOffset={6} collisionPadding={8} className="z-50 max-w-80 rounded-md bg-fg px-2 py-1 text-xs text-bg shadow-pop">
          {text}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
