import { X } from 'lucide-react';
import { Dialog as R } from 'radix-ui';
import { useEffect, useRef, type ReactNode } from 'react';
import { refused } from '../app/leader';
import { useT } from '../i18n';
import { useStore } from '../lib/store';
import { Button } from './button';
import { cx } from './cx';

interface Props {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  description?: ReactNode;
  size?: 'small' | 'medium' | 'large' | 'full';
  footer?: ReactNode;
  /** Escape and a press beside the dialog do not close it: there is something to lose. */
  sticky?: boolean;
  children?: ReactNode;
}

const sizes = { small: 'max-w-md', medium: 'max-w-xl', large: 'max-w-4xl', full: 'max-w-[1400px] h-full' };

// The backdrop is our own element: Radix's would add an inline style sheet,
// which the content security policy refuses.
function Backdrop() {
  useEffect(() => {
    document.body.classList.add('no-scroll');
    return () => document.body.classList.remove('no-scroll');
  }, []);
  return <div aria-hidden className="fixed inset-0 z-40 animate-[appear_120ms] bg-(--backdrop)" />;
}

// What had the focus when a dialog opened: it gets it back. An entry of a menu is
// gone by then, so that stands for the button that opened the menu.
function useOpener(open: boolean) {
  const opener = useRef<HTMLElement | null>(null);
  const was = useRef(false);
  if (open && !was.current) {
    const active = document.activeElement as HTMLElement | null;
    const menu = active?.closest('[role=menu]')?.getAttribute('aria-labelledby');
    opener.current = menu ? document.getElementById(menu) : active;
  }
  was.current = open;
  return (event: Event) => {
    if (!opener.current?.isConnected || opener.current === document.body) return;
    event.preventDefault();
    opener.current.focus();
  };
}

export function Dialog({ open, onClose, title, description, size = 'small', footer, sticky, children }: Props) {
  const t = useT();
  const giveBack = useOpener(open);
  const guard = (event: Event) => {
    if (sticky || (event.target as Element | null)?.closest?.('[data-toasts]')) event.preventDefault();
  };
  return (
    <R.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <R.Portal>
        <Backdrop />
        <div className="pointer-events-none fixed inset-0 z-40 flex items-start justify-center p-3 sm:p-8">
          <R.Content
            {...(description ? {} : { 'aria-describedby': undefined })}
            onCloseAutoFocus={giveBack}
            onPointerDownOutside={guard}
            onInteractOutside={guard}
            onEscapeKeyDown={(event) => sticky && event.preventDefault()}
            className={cx('pointer-events-auto flex max-h-full w-full animate-[rise_140ms] flex-col overflow-hidden rounded-xl border border-line bg-raised shadow-pop', sizes[size])}
          >
            <header className="flex items-start gap-3 px-5 pt-4 pb-3">
              <div className="min-w-0 flex-1">
                <R.Title className="text-lg font-semibold wrap-anywhere">{title}</R.Title>
                {description && <R.Description className="mt-0.5 text-sm text-fg-2 wrap-anywhere">{description}</R.Description>}
              </div>
              {/* Without a tooltip: that would take the first Escape for itself. */}
              <button type="button" aria-label={t.common.close} onClick={onClose} className="-mt-1 -mr-2 inline-flex size-8 shrink-0 items-center justify-center rounded-md text-fg-2 hover:bg-hover hover:text-fg">
                <X size={16} aria-hidden />
              </button>
            </header>
            <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-auto px-5 pt-1 pb-5">{children}</div>
            {footer && <footer className="flex flex-wrap justify-end gap-2 border-t border-line bg-surface px-5 py-3">{footer}</footer>}
          </R.Content>
        </div>
      </R.Portal>
    </R.Root>
  );
}

interface FormProps extends Omit<Props, 'footer'> {
  submit: string;
  busy?: boolean;
  why?: string | false | undefined;
  danger?: boolean;
  /** What it does concerns this browser, or one node alone. */
  local?: boolean;
  onSubmit: () => void;
}

/** A dialog around a form: Enter submits, and the first button cancels. */
export function FormDialog({ submit, busy, why, danger, local, onSubmit, children, ...rest }: FormProps) {
  const t = useT();
  const leaderless = useStore(refused) === 'all' && !local;
  return (
    <Dialog
      {...rest}
      footer={
        <>
          <Button onClick={rest.onClose}>{t.common.cancel}</Button>
          <Button look={danger ? 'danger' : 'primary'} writes={!local} busy={busy ?? false} why={why} onClick={onSubmit}>
            {submit}
          </Button>
        </>
      }
    >
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (!why && !busy && !leaderless) onSubmit();
        }}
      >
        {children}
        <button type="submit" hidden aria-hidden tabIndex={-1} />
      </form>
    </Dialog>
  );
}
