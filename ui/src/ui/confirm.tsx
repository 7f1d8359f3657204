import { TriangleAlert } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useT } from '../i18n';
import { Button } from './button';
import { Dialog } from './dialog';
import { Field, Input } from './field';

interface Props {
  open: boolean;
  onClose: () => void;
  title: string;
  /** What it will touch. */
  children: ReactNode;
  submit: string;
  busy?: boolean;
  /** Must be typed before the button works. */
  type?: string | undefined;
  why?: string | false | undefined;
  /** What it does concerns this browser, or one node alone. */
  local?: boolean;
  /** What has to be said first. */
  extra?: ReactNode;
  onConfirm: () => void;
}

/** Asks before something is lost. The focus starts on "cancel". */
export function Confirm({ open, onClose, title, children, submit, busy, type, why, local, extra, onConfirm }: Props) {
  return open ? <Body {...{ onClose, title, children, submit, type, why, extra, onConfirm }} busy={busy ?? false} local={local ?? false} /> : null;
}

function Body({ onClose, title, children, submit, busy, type, why, local, extra, onConfirm }: Omit<Props, 'open'>) {
  const t = useT();
  const [typed, setTyped] = useState('');
  const missing = type && typed !== type ? t.confirm.typeFirst(type) : why;
  return (
    <Dialog
      open
      onClose={onClose}
      title={title}
      footer={
        <>
          <Button autoFocus onClick={onClose}>
            {t.common.cancel}
          </Button>
          <Button look="danger" writes={!local} busy={busy ?? false} why={missing} onClick={onConfirm}>
            {submit}
          </Button>
        </>
      }
    >
      <div className="flex gap-3">
        <span className="flex size-9 shrink-0 items-center justify-center rounded-full bg-bad-soft text-bad">
          <TriangleAlert size={18} aria-hidden />
        </span>
        <div className="min-w-0 flex-1 space-y-2 pt-1 text-sm wrap-anywhere">{children}</div>
      </div>
      {extra}
      {type && (
        <Field label={t.confirm.type(type)}>
          {(props) => <Input {...props} value={typed} onChange={(event) => setTyped(event.target.value)} />}
        </Field>
      )}
    </Dialog>
  );
}
