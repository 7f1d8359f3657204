import { Link } from '@tanstack/react-router';
import { Crown, RefreshCw, ShieldOff, X } from 'lucide-react';
import { useState } from 'react';
import { useT } from '../i18n';
import { useStore } from '../lib/store';
import { Button, IconButton } from '../ui/button';
import { Strip } from '../ui/states';
import { useLeader } from './leader';
import { outdated } from './live';
import { useMe, useServer } from './server';

const key = 'nc.noauth';

/** What the whole console should know before it reads on. */
export function Strips() {
  const t = useT();
  const me = useMe();
  const has = useServer();
  const old = useStore(outdated);
  const refused = useLeader();
  const [hidden, setHidden] = useState(() => sessionStorage.getItem(key) === '1');
  const open = !me.loginRequired && !hidden;
  if (!old && !open && refused === 'none') return null;
  return (
    <div className="mb-4 flex flex-col gap-2">
      {refused !== 'none' && (
        <div role="alert">
          <Strip tone="bad" icon={Crown}>
            {t.states.leaderless[refused]}
          </Strip>
        </div>
      )}
      {old && (
        <Strip tone="info" icon={RefreshCw} action={<Button onClick={() => location.reload()}>{t.states.reload}</Button>}>
          {t.states.newConsole}
        </Strip>
      )}
      {open && (
        <Strip
          icon={ShieldOff}
          action={
            <span className="flex items-center gap-1">
              {has.auth.setupNeeded && (
                <Link to="/settings" search={{ setup: '1' }} className="rounded-md px-2 py-1 font-medium underline">
                  {t.login.makeAdmin}
                </Link>
              )}
              <IconButton
                label={t.common.close}
                icon={X}
                onClick={() => {
                  sessionStorage.setItem(key, '1');
                  setHidden(true);
                }}
              />
            </span>
          }
        >
          {t.states.noAuth}
        </Strip>
      )}
    </div>
  );
}
