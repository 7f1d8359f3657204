import { CircleAlert, CircleCheck, Info, X } from 'lucide-react';
import { useEffect } from 'react';
import { useT } from '../i18n';
import { errorText } from '../i18n/errors';
import { createStore, useStore } from '../lib/store';
import { IconButton } from './button';
import { cx } from './cx';

interface Toast {
  id: number;
  kind: 'ok' | 'bad' | 'info';
  text: string;
  action?: { label: string; run: () => void };
}

const toasts = createStore<Toast[]>([]);
const shownFor = 6000; // milliseconds; errors stay until they are closed
let last = 0;

function add(toast: Omit<Toast, 'id'>): void {
  toasts.set([...toasts.get(), { ...toast, id: ++last }].slice(-4));
}

function drop(id: number): void {
  toasts.set(toasts.get().filter((toast) => toast.id !== id));
}

export const say = (text: string, action?: Toast['action']) => add({ kind: 'ok', text, ...(action ? { action } : {}) });
export const inform = (text: string) => add({ kind: 'info', text });
export const complain = (error: unknown) => add({ kind: 'bad', text: errorText(error) });

const icons = { ok: CircleCheck, bad: CircleAlert, info: Info };
const tints = { ok: 'text-ok', bad: 'text-bad', info: 'text-info' };

function Note({ toast }: { toast: Toast }) {
  const t = useT();
  const Icon = icons[toast.kind];
  useEffect(() => {
    if (toast.kind === 'bad') return undefined;
    const timer = setTimeout(() => drop(toast.id), toast.action ? shownFor * 4 : shownFor);
    return () => clearTimeout(timer);
  }, [toast]);
  return (
    <div role={toast.kind === 'bad' ? 'alert' : 'status'} className="pointer-events-auto flex w-full animate-[rise_140ms] items-start gap-2.5 rounded-lg border border-line bg-raised py-2 pr-1.5 pl-3 shadow-pop">
      <Icon size={17} aria-hidden className={cx('mt-1.5 shrink-0', tints[toast.kind])} />
      <p className="min-w-0 flex-1 py-1.5 text-sm wrap-anywhere">{toast.text}</p>
      {toast.action && (
        <button
          type="button"
          className="h-8 shrink-0 rounded-md px-2 text-sm font-medium text-accent-text hover:bg-hover"
          onClick={() => {
            drop(toast.id);
            toast.action?.run();
          }}
        >
          {toast.action.label}
        </button>
      )}
      <IconButton label={t.common.close} icon={X} onClick={() => drop(toast.id)} />
    </div>
  );
}

// Over a dialog they stand where its buttons are not: those are below, on the right.
export function Toasts() {
  const list = useStore(toasts);
  return (
    <div data-toasts aria-live="polite" className="pointer-events-none fixed right-3 bottom-3 z-[60] flex w-[min(24rem,calc(100vw-1.5rem))] flex-col gap-2 sm:right-5 sm:bottom-5 max-sm:[.no-scroll_&]:top-3 max-sm:[.no-scroll_&]:bottom-auto sm:[.no-scroll_&]:right-auto sm:[.no-scroll_&]:left-5">
      {list.map((toast) => (
        <Note key={toast.id} toast={toast} />
      ))}
    </div>
  );
}
