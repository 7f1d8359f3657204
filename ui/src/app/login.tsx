import { useEffect, useState, type ReactNode } from 'react';
import { ApiError } from '../api/errors';
import { logIn, setUp, type Me } from '../api/session';
import { useT } from '../i18n';
import { errorText } from '../i18n/errors';
import { change, settings } from '../lib/settings';
import { useStore } from '../lib/store';
import { Button } from '../ui/button';
import { Checkbox } from '../ui/choice';
import { CopyButton } from '../ui/copybutton';
import { Field, Input, Password } from '../ui/field';
import { Logo } from './header';
import { usePasswordProblem } from './password';
import { useServer } from './server';

/** The card on an otherwise empty page. */
export function Entrance({ title, text, children }: { title: string; text?: string; children: ReactNode }) {
  const t = useT();
  const has = useServer();
  const { language, theme } = useStore(settings);
  useEffect(() => {
    document.title = `${title} · Pharos`;
  }, [title]);
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-5 p-4">
      <div className="w-full max-w-[400px] rounded-2xl border border-line bg-surface p-7 shadow-pop">
        <div className="mb-5 flex items-center gap-3">
          <Logo />
          <h1 className="text-lg font-semibold">{title}</h1>
        </div>
        {text && <p className="-mt-2 mb-5 text-sm text-fg-2">{text}</p>}
        {children}
      </div>
      <div className="flex items-center gap-4 text-xs text-fg-2">
        <span>{t.common.version(has.version)}</span>
        <button type="button" className="h-6 underline" onClick={() => change({ language: language === 'zh' ? 'en' : 'zh' })}>
          {language === 'zh' ? 'English' : '中文'}
        </button>
        <button type="button" className="h-6 underline" onClick={() => change({ theme: theme === 'dark' ? 'light' : 'dark' })}>
          {theme === 'dark' ? t.nav.themes.light : t.nav.themes.dark}
        </button>
      </div>
    </main>
  );
}

function useCountdown(): [number, (seconds: number) => void] {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (left <= 0) return undefined;
    const timer = setTimeout(() => setLeft(left - 1), 1000);
    return () => clearTimeout(timer);
  }, [left]);
  return [left, setLeft];
}

/** Name and password; used on the page of its own and over a page whose session ended. */
export function LoginForm({ name = '', onDone }: { name?: string; onDone: (me: Me) => void }) {
  const t = useT();
  const [username, setUsername] = useState(name);
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const [left, wait] = useCountdown();
  const submit = async () => {
    if (busy || left > 0) return;
    setBusy(true);
    try {
      onDone(await logIn(username, password));
    } catch (error) {
      const throttled = error instanceof ApiError && error.key === 'throttled';
      if (throttled) wait(Math.max(1, Math.ceil(Number(error.params.retryAfter) || 5)));
      setProblem(throttled ? '' : errorText(error));
      setPassword('');
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Field label={t.login.user}>
        {(props) => <Input {...props} required autoFocus={!name} autoComplete="username" autoCapitalize="none" value={username} onChange={(event) => setUsername(event.target.value)} />}
      </Field>
      <Field label={t.login.password}>
        {(props) => <Password {...props} required autoFocus={Boolean(name)} autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} />}
      </Field>
      {(problem || left > 0) && (
        <p role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-sm text-bad">
          {left > 0 ? t.login.wait(left) : problem}
        </p>
      )}
      <Button look="primary" type="submit" busy={busy} disabled={left > 0} onClick={() => undefined} className="h-9 w-full">
        {t.login.logIn}
      </Button>
    </form>
  );
}

export function LoginPage({ onDone }: { onDone: (me: Me) => void }) {
  const t = useT();
  return (
    <Entrance title={t.login.title}>
      <LoginForm onDone={onDone} />
    </Entrance>
  );
}

const alphabet = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

// getRandomValues exists on plain HTTP too. 224 is four times the alphabet's
// 56 letters, so that every letter is equally likely.
function invent(length = 20): string {
  let text = '';
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < 224 && text.length < length) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}

/** Makes the first administrator. */
export function SetupForm({ onDone }: { onDone: (me: Me) => void }) {
  const t = useT();
  const has = useServer();
  const weak = usePasswordProblem();
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [code, setCode] = useState('');
  const [invented, setInvented] = useState('');
  const [stored, setStored] = useState(false);
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const why = weak(password) || (password !== again && t.login.differ) || (invented && !stored && t.login.storeFirst) || (!has.auth.setupHere && !code && t.login.codeMissing);
  const submit = async () => {
    if (why || busy) return;
    setBusy(true);
    try {
      onDone(await setUp(password, code));
    } catch (error) {
      setProblem(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  const generate = () => {
    const text = invent();
    setInvented(text);
    setPassword(text);
    setAgain(text);
    setStored(false);
  };
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Field label={t.login.user}>{(props) => <Input {...props} readOnly value="nacos" autoComplete="username" />}</Field>
      <Field label={t.login.next} hint={t.login.rules(8)}>
        {(props) => <Password {...props} autoComplete="new-password" value={password} onChange={(event) => { setPassword(event.target.value); setInvented(''); }} />}
      </Field>
      <Field label={t.login.again} error={again !== '' && password !== again && t.login.differ}>
        {(props) => <Password {...props} autoComplete="new-password" value={again} onChange={(event) => setAgain(event.target.value)} />}
      </Field>
      {!has.auth.setupHere && (
        <Field label={t.login.code} hint={t.login.codeText}>
          {(props) => <Input {...props} value={code} onChange={(event) => setCode(event.target.value)} />}
        </Field>
      )}
      {invented ? (
        <div className="flex flex-col gap-2 rounded-lg bg-sunken p-3">
          <div className="flex items-center justify-between gap-2">
            <code className="font-mono text-sm break-all select-all">{invented}</code>
            <CopyButton text={invented} />
          </div>
          <Checkbox checked={stored} onChange={setStored} label={t.login.stored} />
        </div>
      ) : (
        <Button onClick={generate}>{t.login.generate}</Button>
      )}
      {problem && (
        <p role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-sm text-bad">
          {problem}
        </p>
      )}
      <Button look="primary" type="submit" busy={busy} why={why} onClick={() => undefined} className="h-9 w-full">
        {t.login.create}
      </Button>
    </form>
  );
}

export function SetupPage({ onDone }: { onDone: (me: Me) => void }) {
  const t = useT();
  return (
    <Entrance title={t.login.setup} text={t.login.setupText}>
      <SetupForm onDone={onDone} />
    </Entrance>
  );
}
