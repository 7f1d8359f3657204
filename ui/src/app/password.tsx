import { useState } from 'react';
import { changePassword } from '../api/session';
import { useT } from '../i18n';
import { FormDialog } from '../ui/dialog';
import { Field, Password } from '../ui/field';
import { useAct } from './mutate';

const least = 8; // characters, a floor against accidents; the server decides

export function usePasswordProblem(): (password: string) => string {
  const t = useT();
  return (password) => (password.length < least ? t.login.tooShort(least) : '');
}

export function PasswordDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  return open ? <PasswordForm onClose={onClose} /> : null;
}

function PasswordForm({ onClose }: { onClose: () => void }) {
  const t = useT();
  const problem = usePasswordProblem();
  const [old, setOld] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const save = useAct({ run: () => changePassword(old, next), done: t.login.passwordChanged, then: onClose });
  const why = !old ? t.login.currentMissing : problem(next) || (next !== again && t.login.differ);
  return (
    <FormDialog open onClose={onClose} title={t.nav.password} description={t.login.passwordText} submit={t.common.save} busy={save.isPending} why={why} onSubmit={() => save.mutate()}>
      <Field label={t.login.current}>{(props) => <Password {...props} autoFocus autoComplete="current-password" value={old} onChange={(event) => setOld(event.target.value)} />}</Field>
      <Field label={t.login.next} hint={t.login.rules(least)}>
        {(props) => <Password {...props} autoComplete="new-password" value={next} onChange={(event) => setNext(event.target.value)} />}
      </Field>
      <Field label={t.login.again} error={again !== '' && next !== again && t.login.differ}>
        {(props) => <Password {...props} autoComplete="new-password" value={again} onChange={(event) => setAgain(event.target.value)} />}
      </Field>
    </FormDialog>
  );
}
