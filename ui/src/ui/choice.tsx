import { Check, Minus } from 'lucide-react';
import { Checkbox as RCheckbox, Switch as RSwitch } from 'radix-ui';
import type { ReactNode } from 'react';
import { cx } from './cx';

interface BoxProps {
  checked: boolean | 'indeterminate';
  onChange: (checked: boolean) => void;
  label: ReactNode;
  /** The label is only spoken, not shown. */
  quiet?: boolean;
  disabled?: boolean;
  className?: string;
}

export function Checkbox({ checked, onChange, label, quiet, disabled, className }: BoxProps) {
  const box = (
    <RCheckbox.Root
      checked={checked}
      disabled={disabled}
      aria-label={quiet && typeof label === 'string' ? label : undefined}
      onCheckedChange={(next) => onChange(next === true)}
      className="relative inline-flex size-4 shrink-0 items-center justify-center rounded-sm align-middle border border-line-strong bg-surface text-accent-fg after:absolute after:-inset-1 disabled:opacity-50 data-[state=checked]:border-accent data-[state=checked]:bg-accent data-[state=indeterminate]:border-accent data-[state=indeterminate]:bg-accent"
    >
      <RCheckbox.Indicator>{checked === 'indeterminate' ? <Minus size={12} strokeWidth={3} /> : <Check size={12} strokeWidth={3} />}</RCheckbox.Indicator>
    </RCheckbox.Root>
  );
  if (quiet) return box;
  return (
    <label className={cx('inline-flex items-center gap-2 text-sm', className)}>
      {box}
      <span>{label}</span>
    </label>
  );
}

interface SwitchProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  label: string;
  disabled?: boolean;
  title?: string;
}

export function Switch({ checked, onChange, label, disabled, title }: SwitchProps) {
  return (
    <RSwitch.Root
      checked={checked}
      disabled={disabled}
      onCheckedChange={onChange}
      aria-label={label}
      title={title}
      className="relative inline-block h-5 w-9 shrink-0 rounded-full border align-middle border-line-strong bg-sunken transition-colors after:absolute after:-inset-1 disabled:opacity-50 data-[state=checked]:border-accent data-[state=checked]:bg-accent"
    >
      <RSwitch.Thumb className="block size-3.5 translate-x-0.5 rounded-full bg-fg-3 transition-transform data-[state=checked]:translate-x-[18px] data-[state=checked]:bg-accent-fg" />
    </RSwitch.Root>
  );
}
