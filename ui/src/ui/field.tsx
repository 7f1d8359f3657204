import { Eye, EyeOff, Search, X } from 'lucide-react';
import { useId, useState, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes } from 'react';
import { useT } from '../i18n';
import { IconButton } from './button';
import { cx } from './cx';

const box = 'rounded-md border border-line-strong bg-surface px-2.5 text-sm text-fg hover:border-fg-3 disabled:border-line disabled:bg-sunken disabled:text-fg-3 aria-invalid:border-bad';

// Fills its place unless it is given a width of its own.
const wide = (className?: string) => !/(^|\s)(max-)?w-/.test(className ?? '') && 'w-full';

interface FieldProps {
  label: ReactNode;
  hint?: ReactNode;
  error?: string | false | undefined;
  className?: string | undefined;
  children: (props: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': true | undefined }) => ReactNode;
}

/** A labelled control with its hint and its error. */
export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId();
  const note = error || hint ? `${id}-note` : undefined;
  return (
    <div className={cx('flex min-w-0 flex-col gap-1', className)}>
      <label htmlFor={id} className="text-xs font-medium text-fg-2">
        {label}
      </label>
      {children({ id, 'aria-describedby': note, 'aria-invalid': error ? true : undefined })}
      {note && (
        <p id={note} role={error ? 'alert' : undefined} className={cx('text-xs', error ? 'text-bad' : 'text-fg-3')}>
          {error || hint}
        </p>
      )}
    </div>
  );
}

export function Input({ className, ...rest }: InputHTMLAttributes<HTMLInputElement>) {
  return <input autoComplete="off" spellCheck={false} {...rest} className={cx(box, 'h-8', wide(className), className)} />;
}

export function Area({ className, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return <textarea spellCheck={false} {...rest} className={cx(box, 'min-h-16 py-1.5', wide(className), className)} />;
}

export function Select({ className, ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return <select {...rest} className={cx(box, 'caret h-8 pr-7', wide(className), className)} />;
}

export function Password({ className, ...rest }: InputHTMLAttributes<HTMLInputElement>) {
  const t = useT();
  const [shown, setShown] = useState(false);
  return (
    <div className="relative">
      <Input {...rest} type={shown ? 'text' : 'password'} className={cx('pr-9', className)} />
      <IconButton label={shown ? t.common.hide : t.common.show} icon={shown ? EyeOff : Eye} onClick={() => setShown(!shown)} className="absolute top-0.5 right-0.5 size-7" />
    </div>
  );
}

interface SearchProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'value'> {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

export function SearchInput({ label, value, onChange, className, ...rest }: SearchProps) {
  const t = useT();
  return (
    <div className={cx('relative min-w-0', className)}>
      <Search size={15} aria-hidden className="pointer-events-none absolute top-2 left-2.5 text-fg-3" />
      <Input aria-label={label} placeholder={label} {...rest} value={value} onChange={(event) => onChange(event.target.value)} className="pr-8 pl-8" />
      {value && <IconButton label={t.common.clear} icon={X} onClick={() => onChange('')} className="absolute top-0.5 right-0.5 size-7" />}
    </div>
  );
}
