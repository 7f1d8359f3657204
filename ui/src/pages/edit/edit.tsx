import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { extConfigKeys, getFull, type ConfigFull } from '../../api/extconfig';
import { useAddress, usePath } from '../../app/query';
import { useT } from '../../i18n';
import { typeOf } from '../../lib/lint/check';
import { Loaded } from '../../ui/states';
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
  const query = useQuery({ queryKey: extConfigKeys.full(at), queryFn: () => getFull(at), refetchOnMount: 'always' });
  const asked = query.isFetchedAfterMount ? query : { ...query, data: undefined };
  const first = useRef<ConfigFull>(undefined);
  if (asked.data && (!first.current || first.current.dataId !== name || first.current.groupName !== group)) first.current = asked.data;
  return <Loaded query={asked} title={name}>{(now) => <EditForm key={`${ns}/${group}/${name}`} name={at} base={baseOf(first.current ?? now)} latest={baseOf(now)} />}</Loaded>;
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
