import type { LucideIcon } from 'lucide-react';
import { DropdownMenu as R } from 'radix-ui';
import { useId, type ReactNode } from 'react';
import { cx } from './cx';

export const menuPanel = 'z-50 min-w-44 max-w-80 overflow-auto max-h-(--radix-dropdown-menu-content-available-height) rounded-lg border border-line bg-raised p-1 shadow-pop animate-[rise_100ms]';

export function Menu({ trigger, align = 'end', children }: { trigger: ReactNode; align?: 'start' | 'end'; children: ReactNode }) {
  return (
    <R.Root modal={false}>
      <R.Trigger asChild>{trigger}</R.Trigger>
      <R.Portal>
        <R.Content align={align} sideOffset={4} collisionPadding={8} className={menuPanel}>
          {children}
        </R.Content>
      </R.Portal>
    </R.Root>
  );
}

interface ItemProps {
  icon?: LucideIcon;
  danger?: boolean;
  disabled?: boolean;
  /** Why it cannot be done; it can still be reached, so that the reason is read. */
  why?: string | false | undefined;
  onSelect: () => void;
  children: ReactNode;
}

const item = 'flex min-h-8 w-full select-none items-center gap-2 rounded-md px-2 text-sm outline-none data-[disabled]:opacity-50 data-[highlighted]:bg-hover';

export function MenuItem({ icon: Icon, danger, disabled, why, onSelect, children }: ItemProps) {
  const note = useId();
  return (
    <R.Item
      disabled={disabled ?? false}
      aria-disabled={why || disabled ? true : undefined}
      aria-describedby={why ? note : undefined}
      onSelect={(event) => (why ? event.preventDefault() : onSelect())}
      className={cx(item, why ? 'cursor-not-allowed text-fg-2' : danger ? 'text-bad' : 'text-fg')}
    >
      {Icon ? <Icon size={15} aria-hidden className={danger && !why ? '' : 'text-fg-3'} /> : <span className="w-[15px]" />}
      <span className="min-w-0">
        {children}
        {why && (
          <span id={note} className="block text-xs text-fg-2 wrap-anywhere">
            {why}
          </span>
        )}
      </span>
    </R.Item>
  );
}

interface RadioProps<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}

export function MenuRadio<T extends string>({ label, value, options, onChange }: RadioProps<T>) {
  return (
    <R.RadioGroup value={value} onValueChange={(next) => onChange(next as T)}>
      <MenuLabel>{label}</MenuLabel>
      {options.map(([key, text]) => (
        <R.RadioItem key={key} value={key} className={item}>
          <span className="w-[15px]">
            <R.ItemIndicator>✓</R.ItemIndicator>
          </span>
          {text}
        </R.RadioItem>
      ))}
    </R.RadioGroup>
  );
}

export const MenuLabel = ({ children }: { children: ReactNode }) => (
  <R.Label className="truncate px-2 pt-1.5 pb-1 text-xs text-fg-3">{children}</R.Label>
);

export const MenuLine = () => <R.Separator className="my-1 h-px bg-line" />;
