import { Lock } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { Said } from '../api/policy';
import { useT } from '../i18n';
import { Field, Input } from '../ui/field';
import { usePolicy } from './policy';

const longest = 500; // letters of a note, as the server takes them

interface Consent {
  /** What the server is told. */
  said: Said;
  /** Why it cannot be done yet. */
  why: string | false;
  fields: ReactNode;
}

interface Options {
  /** A note is asked for where the namespace wants one. */
  notes?: boolean;
  /** A note may be given where none is wanted, too. */
  offer?: boolean;
}

/** What the policy of a namespace asks for before it is written to: its id, and what the change is for. */
export function useConsent(ns: string | undefined, { notes = true, offer = false }: Options = {}): Consent {
  const t = useT();
  const policy = usePolicy(ns ?? '');
  const [typed, setTyped] = useState('');
  const [note, setNote] = useState('');
  if (ns === undefined) return { said: {}, why: false, fields: null };
  const id = policy.namespaceId;
  const wanted = notes && policy.noteRequired;
  const shown = wanted || (notes && offer);
  return {
    said: { confirm: policy.protected ? typed : undefined, note: (shown && note.trim()) || undefined },
    why: (policy.protected && typed !== id && t.policy.typeFirst(id)) || (wanted && !note.trim() && t.policy.noteFirst),
    fields: (policy.protected || shown) && (
      <div className="flex flex-col gap-3">
        {shown && <Field label={wanted ? t.policy.note : t.policy.noteOffered}>{(props) => <Input {...props} required={wanted} maxLength={longest} value={note} onChange={(event) => setNote(event.target.value)} />}</Field>}
        {policy.protected && (
          <Field
            label={
              <span className="inline-flex items-center gap-1">
                <Lock size={12} aria-hidden className="shrink-0" />
                {t.policy.type(id)}
              </span>
            }
          >
            {(props) => <Input {...props} required value={typed} onChange={(event) => setTyped(event.target.value)} />}
          </Field>
        )}
      </div>
    ),
  };
}
