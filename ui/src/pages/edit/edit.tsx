import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { extConfigKeys, getFull, revealWhole, type ConfigFull } from '../../api/extconfig';
import { useAct } from '../../app/mutate';
import { useAddress, usePath } from '../../app/query';
import { useT } from '../../i18n';
import { typeOf } from '../../lib/lint/check';
import { Loaded } from '../../ui/states';
import { useMayReveal } from '../config/secrets';
import { EditForm, type Base } from './form';

const blank: Base = { exists: false, md5: '', content: '', type: 'text', desc: '', app: '', tags: '', version: '', listeners: 0 };

function baseOf(config: ConfigFull): Base {
  return {
    exists: true,
    md5: config.md5 ?? '',
    content: config.content,
    type: config.type || typeOf(config.dataId) || 'text',
    desc: config.desc ?? '',
    app: config.appName ?? '',
    tags: config.configTags ?? '',
    version: config.version,
    listeners: config.listeners,
  };
}

// Writing begins from what the server has now, not from what the page remembers.
// That stays the base; what is published meanwhile is told, and merged only when
// the writer says so.
export function EditConfigPage() {
  const { ns, group, name } = usePath();
  const at = { ns, group, dataId: name };
  const of = `${ns}/${group}/${name}`;
  const [whole, setWhole] = useState('');
  const clear = whole === of; // its secrets were asked for
  const query = useQuery({ queryKey: [...extConfigKeys.full(at), clear], queryFn: () => getFull(at, !clear), refetchOnMount: 'always' });
  const asked = query.isFetchedAfterMount ? query : { ...query, data: undefined };
  const first = useRef<{ of: string; clear: boolean; config: ConfigFull }>(undefined);
  if (asked.data && (first.current?.of !== of || first.current.clear !== clear)) first.current = { of, clear, config: asked.data };
  const mayNot = useMayReveal();
  const uncover = useAct({ run: (known: ConfigFull) => revealWhole(at, known), then: () => setWhole(of) });
  const secrets = (now: ConfigFull) => (now.masks?.length ? { count: now.masks.length, why: mayNot(now), busy: uncover.isPending, onReveal: () => uncover.mutate(now) } : undefined);
  return <Loaded query={asked} title={name}>{(now) => <EditForm key={`${of} ${clear}`} name={at} base={baseOf(first.current?.config ?? now)} latest={baseOf(now)} secrets={secrets(now)} />}</Loaded>;
}

export function NewConfigPage() {
  const t = useT();
  const { ns } = usePath();
  const [search] = useAddress();
  const [base] = useState(blank);
  useEffect(() => {
    document.title = `${t.configs.create} · Pharos`;
  }, [t]);
  return <EditForm key={ns} name={{ ns, group: search.group || 'DEFAULT_GROUP', dataId: search.dataId ?? '' }} base={base} latest={base} fresh />;
}
