import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { getSamples, type Sample } from '../../api/session';
import { useAddress, usePath, useTyped } from '../../app/query';
import { useT } from '../../i18n';
import { recall, remember } from '../../lib/persist';
import { CodeView } from '../../ui/code/lazy';
import { CopyButton } from '../../ui/copybutton';
import { cx } from '../../ui/cx';
import { Field, Input, Select } from '../../ui/field';
import { Card, PageHead } from '../../ui/page';
import { Loaded } from '../../ui/states';

interface Query {
  namespaceId: string;
  groupName: string;
  dataId?: string;
  serviceName?: string;
}

const colours: Record<string, string> = { curl: 'shell', shell: 'shell', bash: 'shell', xml: 'xml', yaml: 'yaml', properties: 'properties', json: 'json' };

function Shown({ list }: { list: Sample[] }) {
  const t = useT();
  const [key, setKey] = useState(() => recall('sample', ''));
  const sample = list.find((one) => one.title === key) ?? list[0];
  if (!sample) return null;
  return (
    <Card flush className="overflow-hidden">
      <div className="flex items-center gap-1 border-b border-line px-2">
        <div role="tablist" aria-label={t.samples.languages} className="flex min-w-0 flex-1 gap-1 overflow-x-auto">
          {list.map((one) => (
            <button
              key={one.title}
              type="button"
              role="tab"
              aria-selected={one === sample}
              onClick={() => {
                setKey(one.title);
                remember('sample', one.title);
              }}
              className={cx('h-10 shrink-0 border-b-2 px-3 text-sm -outline-offset-2', one === sample ? 'border-accent font-medium' : 'border-transparent text-fg-2 hover:text-fg')}
            >
              {one.title}
            </button>
          ))}
        </div>
        <CopyButton text={sample.code} />
      </div>
      <CodeView key={sample.title} text={sample.code} type={colours[sample.language] ?? 'text'} label={sample.title} className="h-[26rem]" />
    </Card>
  );
}

/** Code that uses this very config or service, ready to be copied. */
export function Samples({ query: asked }: { query: Query }) {
  const query = useQuery({ queryKey: ['samples', asked], queryFn: () => getSamples({ ...asked }), staleTime: 60_000 });
  return <Loaded query={query}>{(list) => <Shown list={list} />}</Loaded>;
}

export function SamplesPage() {
  const t = useT();
  const { ns } = usePath();
  const [search, change] = useAddress();
  const kind = search.kind === 'service' ? 'service' : 'config';
  const [name, setName] = useTyped(search.name ?? '', (value) => change({ name: value || undefined }));
  const [group, setGroup] = useTyped(search.group ?? 'DEFAULT_GROUP', (value) => change({ group: value || undefined }));
  const asked = search.name || (kind === 'config' ? 'application.yaml' : 'orders');
  return (
    <>
      <PageHead title={t.nav.samples} text={t.samples.text} />
      <div className="mb-4 grid gap-3 sm:grid-cols-3 xl:w-2/3">
        <Field label={t.samples.what}>
          {(props) => (
            <Select {...props} value={kind} onChange={(event) => change({ kind: event.target.value === 'service' ? 'service' : undefined })}>
              <option value="config">{t.samples.config}</option>
              <option value="service">{t.samples.service}</option>
            </Select>
          )}
        </Field>
        <Field label={kind === 'config' ? t.configs.dataId : t.services.name}>{(props) => <Input {...props} value={name} placeholder={asked} onChange={(event) => setName(event.target.value)} />}</Field>
        <Field label={t.common.group}>{(props) => <Input {...props} value={group} onChange={(event) => setGroup(event.target.value)} />}</Field>
      </div>
      <Samples query={{ namespaceId: ns, groupName: search.group || 'DEFAULT_GROUP', ...(kind === 'config' ? { dataId: asked } : { serviceName: asked }) }} />
    </>
  );
}
