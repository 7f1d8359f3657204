import { useNavigate } from '@tanstack/react-router';
import { Shuffle } from 'lucide-react';
import { useState } from 'react';
import { moveClient, type ClientFull } from '../../api/extnaming';
import { useAct } from '../../app/mutate';
import { usePath } from '../../app/query';
import { useT } from '../../i18n';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Field, Select } from '../../ui/field';

/** Asks to where a client is to go, and says what that means for it. */
export function MoveDialog({ client, others, onClose }: { client: ClientFull; others: string[]; onClose: () => void }) {
  const t = useT();
  const { ns } = usePath();
  const navigate = useNavigate();
  const [to, setTo] = useState('');
  const act = useAct({
    run: () => moveClient(client.clientId, to),
    done: (moved) => t.clients.moved(moved.to),
    stale: [['clients', ns]],
    // What is shown is about to end: the client comes back under another id.
    then: () => void navigate({ to: '/ns/$ns/clients', params: { ns } }),
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title={t.clients.moveTitle}
      footer={
        <>
          <Button autoFocus onClick={onClose}>
            {t.common.cancel}
          </Button>
          <Button look="primary" icon={Shuffle} busy={act.isPending} onClick={() => act.mutate()}>
            {t.clients.move}
          </Button>
        </>
      }
    >
      <p className="text-sm">{t.clients.moveText(client.publishes, client.subscribes)}</p>
      <Field label={t.clients.moveTo}>
        {(props) => (
          <Select {...props} value={to} onChange={(event) => setTo(event.target.value)}>
            <option value="">{t.clients.least}</option>
            {others.map((node) => (
              <option key={node}>{node}</option>
            ))}
          </Select>
        )}
      </Field>
    </Dialog>
  );
}
