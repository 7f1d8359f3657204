import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { Tooltip } from 'radix-ui';
import { useEffect, useState } from 'react';
import { ApiError } from '../api/errors';
import { onExpired } from '../api/http';
import { getCapabilities, getMe, type Me } from '../api/session';
import { useT } from '../i18n';
import { useStore } from '../lib/store';
import { Dialog } from '../ui/dialog';
import { Failure } from '../ui/states';
import { Toasts } from '../ui/toast';
import { client } from './client';
import { goLive } from './live';
import { LoginForm, LoginPage, SetupPage } from './login';
import { router } from './router';
import { caller, leaving, server } from './server';

async function whoIsIt(): Promise<Me | undefined> {
  try {
    return await getMe();
  } catch (error) {
    if (!(error instanceof ApiError) || !error.expired) throw error;
    return undefined;
  }
}

async function findOut(): Promise<void> {
  const [has, me] = await Promise.all([getCapabilities(), whoIsIt()]);
  server.set(has);
  caller.set(me);
}

function enter(me: Me): void {
  caller.set(me);
  client.clear();
  void getCapabilities().then(server.set);
  goLive(client, me.events);
}

// The session ended under a page: the log-in comes over it, what was typed
// stays, and the refused calls go out again.
function Renewal() {
  const t = useT();
  const me = useStore(caller);
  const [done, setDone] = useState<(() => void)[]>([]);
  useEffect(() => {
    onExpired(() => new Promise<void>((resolve) => setDone((waiting) => [...waiting, resolve])));
  }, []);
  if (!done.length) return null;
  const finish = (next: Me) => {
    const other = next.username !== me?.username;
    caller.set(next);
    goLive(client, next.events);
    setDone([]);
    done.forEach((resolve) => resolve());
    if (other) client.clear();
  };
  return (
    <Dialog open sticky onClose={() => location.reload()} title={t.login.expired} description={t.login.expiredText}>
      <LoginForm name={me?.username ?? ''} onDone={finish} />
    </Dialog>
  );
}

function Inside() {
  const has = useStore(server);
  const me = useStore(caller);
  const gone = useStore(leaving);
  const [problem, setProblem] = useState<unknown>();
  const [round, setRound] = useState(0);
  useEffect(() => {
    setProblem(undefined);
    findOut().then(() => {
      const found = caller.get();
      if (found) goLive(client, found.events);
    }, setProblem);
  }, [round]);
  if (problem) return <main><Failure error={problem} onRetry={() => setRound(round + 1)} /></main>;
  if (!has || gone) return null;
  if (me) return <RouterProvider router={router} />;
  return has.auth.setupNeeded ? <SetupPage onDone={enter} /> : <LoginPage onDone={enter} />;
}

export function Root() {
  return (
    <QueryClientProvider client={client}>
      <Tooltip.Provider>
        <Inside />
        <Renewal />
        <Toasts />
      </Tooltip.Provider>
    </QueryClientProvider>
  );
}
