import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Contrast, Eye, GitMerge, Square } from 'lucide-react';
import { useEffect, useState } from 'react';
import { extConfigKeys, getConvergence, maskToken, previewGray, promoteGray, publish, removeGray, revealWhole, type ConfigFull, type Gray } from '../../api/extconfig';
import { useConsent } from '../../app/consent';
import { useAct } from '../../app/mutate';
import { usePath } from '../../app/query';
import { useT } from '../../i18n';
import { Button } from '../../ui/button';
import { Checkbox } from '../../ui/choice';
import { CodeDiff, CodeEditor } from '../../ui/code/lazy';
import { Confirm } from '../../ui/confirm';
import { Dialog } from '../../ui/dialog';
import { Area, Field, Input, Select } from '../../ui/field';
import { Card, Facts } from '../../ui/page';
import { Blank, Failure, Strip } from '../../ui/states';
import { Badge } from '../../ui/status';
import { Time } from '../../ui/time';
import { Partial } from './listenerstab';
import { useMayReveal } from './secrets';

const addressesOf = (gray: Gray) => (Array.isArray(gray.addresses) ? gray.addresses.join(', ') : (gray.addresses ?? ''));

function useStale() {
  const { ns, group, name } = usePath();
  return [extConfigKeys.one({ ns, group, dataId: name }), ['configs', ns], ['releases', ns]];
}

function GrayCard({ config, gray }: { config: ConfigFull; gray: Gray }) {
  const t = useT();
  const { ns, group, name } = usePath();
  const at = { ns, group, dataId: name };
  const stale = useStale();
  const [asking, setAsking] = useState<'' | 'promote' | 'stop'>('');
  const close = () => setAsking('');
  const consent = useConsent(ns);
  const promote = useAct({ run: () => promoteGray(at, gray.name, config.md5 ?? '', gray.md5, consent.said), done: t.gray.promoted, stale, then: close });
  const stop = useAct({ run: () => removeGray(at, gray.name, consent.said), done: t.gray.stopped, stale, then: close });
  const why = !config.may.includes('w') && t.configs.mayNot;
  return (
    <Card
      title={<span className="flex items-center gap-2">{gray.name} <Badge level="gray">{gray.kind === 'beta' ? t.gray.byAddress : t.gray.byTag}</Badge></span>}
      actions={
        <span className="flex gap-2">
          <Button writes icon={Square} why={why} onClick={() => setAsking('stop')}>
            {t.gray.stop}
          </Button>
          <Button writes icon={GitMerge} look="primary" why={why} onClick={() => setAsking('promote')}>
            {t.gray.promote}
          </Button>
        </span>
      }
    >
      <div className="mb-4">
        <Facts items={[[t.gray.meant, gray.kind === 'beta' ? addressesOf(gray) : gray.tag], [t.configs.changed, <Time key="at" at={gray.modified} />]]} />
      </div>
      <CodeDiff before={config.content} after={gray.content} type={config.type ?? 'text'} beforeTitle={t.gray.formal} afterTitle={gray.name} className="h-80" />
      <Confirm open={asking === 'promote'} onClose={close} title={t.gray.promoteTitle(gray.name)} submit={t.gray.promote} busy={promote.isPending} why={consent.why} extra={consent.fields} onConfirm={() => promote.mutate()}>
        <p>{t.gray.promoteText(config.listeners)}</p>
      </Confirm>
      <Confirm open={asking === 'stop'} onClose={close} title={t.gray.stopTitle(gray.name)} submit={t.gray.stop} busy={stop.isPending} why={consent.why} extra={consent.fields} onConfirm={() => stop.mutate()}>
        <p>{t.gray.stopText}</p>
      </Confirm>
    </Card>
  );
}

// The listeners of now, so that addresses need not be typed.
function Addresses({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const t = useT();
  const { ns, group, name } = usePath();
  const at = { ns, group, dataId: name };
  const { data } = useQuery({ queryKey: extConfigKeys.convergence(at), queryFn: () => getConvergence(at) });
  const chosen = value.split(/[\s,]+/).filter(Boolean);
  const known = [...new Set(data?.clients?.map((client) => client.ip) ?? [])].sort();
  const toggle = (ip: string, on: boolean) => onChange((on ? [...chosen, ip] : chosen.filter((one) => one !== ip)).join(', '));
  return (
    <>
      <Field label={t.gray.addresses}>
        {(props) => <Area {...props} value={value} onChange={(event) => onChange(event.target.value)} placeholder="10.0.0.7, 10.0.0.8" />}
      </Field>
      {known.length > 0 && (
        <fieldset className="flex max-h-32 flex-wrap gap-x-4 gap-y-1 overflow-y-auto">
          <legend className="mb-1 text-xs font-medium text-fg-2">{t.gray.listening}</legend>
          {known.map((ip) => (
            <Checkbox key={ip} checked={chosen.includes(ip)} onChange={(on) => toggle(ip, on)} label={ip} />
          ))}
        </fieldset>
      )}
    </>
  );
}

// What is typed, once no more is.
function useSettled(value: string): string {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => settle(value), 250);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/** Who would get the copy: those of now that the rule names, on all nodes. */
function Reached({ kind, value }: { kind: 'beta' | 'tag'; value: string }) {
  const t = useT();
  const { ns, group, name } = usePath();
  const at = { ns, group, dataId: name };
  const settled = useSettled(value);
  const query = useQuery({ queryKey: [...extConfigKeys.one(at), 'preview', kind, settled], queryFn: () => previewGray(at, kind, settled), enabled: settled !== '', placeholderData: keepPreviousData });
  if (value === '' || settled === '') return null;
  if (query.error) return <Failure error={query.error} />;
  if (!query.data) return null;
  const { matched, count, total, nodes } = query.data;
  return (
    <section aria-label={t.gray.reached} aria-busy={settled !== value || query.isFetching} className="flex flex-col gap-2 rounded-lg bg-sunken p-3 text-sm">
      <p className="font-medium">{t.gray.matches(count, total)}</p>
      <Partial nodes={nodes} />
      <ul className="max-h-48 overflow-y-auto">
        {matched.map((one) => (
          <li key={`${one.node} ${one.address}`} className="py-0.5">
            <span className="font-mono text-xs wrap-anywhere">{one.ip}</span> <span className="text-xs text-fg-2">{[one.address, one.app, !one.sees && t.gray.otherGoesBefore].filter(Boolean).join(' · ')}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function StartDialog({ config, onClose }: { config: ConfigFull; onClose: () => void }) {
  const t = useT();
  const { ns, group, name } = usePath();
  const [kind, setKind] = useState<'beta' | 'tag'>('beta');
  const beta = config.gray.find((gray) => gray.kind === 'beta');
  const [addresses, setAddresses] = useState(beta ? addressesOf(beta) : '');
  const [tag, setTag] = useState('');
  const [content, setContent] = useState(beta?.content ?? config.content);
  const existing = kind === 'beta' ? beta : config.gray.find((gray) => gray.tag === tag);
  const list = addresses.split(/[\s,]+/).filter(Boolean).join(',');
  const consent = useConsent(ns, { offer: true });
  const act = useAct({
    run: () => publish({ ns, group, dataId: name }, { ...consent.said, content, type: config.type ?? undefined, expect: existing?.md5 ?? 'absent', ...(kind === 'beta' ? { betaIps: list } : { tag }) }),
    done: t.gray.started,
    stale: useStale(),
    then: onClose,
  });
  const mayNot = useMayReveal();
  const uncover = useAct({
    run: () => revealWhole({ ns, group, dataId: name }, config),
    then: (whole) => setContent(whole.gray.find((gray) => gray.kind === 'beta')?.content ?? whole.content),
  });
  const masked = content.includes(maskToken);
  const why = (kind === 'beta' ? !list : !tag.trim()) ? t.gray.ruleMissing : masked ? t.secrets.inContent : content === config.content && t.gray.sameContent;
  return (
    <Dialog
      open
      sticky
      onClose={onClose}
      size="full"
      title={t.gray.start}
      description={t.gray.startText}
      footer={
        <>
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button writes look="primary" why={why || consent.why} busy={act.isPending} onClick={() => act.mutate()}>
            {t.gray.publish}
          </Button>
        </>
      }
    >
      <div className="grid min-h-0 flex-1 gap-5 lg:grid-cols-[20rem_minmax(0,1fr)]">
        <div className="flex flex-col gap-4">
          <Field label={t.gray.rule}>
            {(props) => (
              <Select {...props} value={kind} onChange={(event) => setKind(event.target.value as 'beta')}>
                <option value="beta">{t.gray.byAddress}</option>
                <option value="tag">{t.gray.byTag}</option>
              </Select>
            )}
          </Field>
          {kind === 'beta' ? <Addresses value={addresses} onChange={setAddresses} /> : <Field label={t.gray.tag} hint={t.gray.tagText}>{(props) => <Input {...props} value={tag} onChange={(event) => setTag(event.target.value)} />}</Field>}
          <Reached kind={kind} value={kind === 'beta' ? list : tag.trim()} />
          {consent.fields}
          {masked && (
            <Strip action={<Button icon={Eye} why={mayNot(config)} busy={uncover.isPending} onClick={() => uncover.mutate()}>{t.secrets.revealToEdit}</Button>}>{t.secrets.replace}</Strip>
          )}
        </div>
        <div className="h-[50vh] overflow-hidden rounded-lg border border-line lg:h-auto">
          <CodeEditor value={content} onChange={setContent} type={config.type ?? 'text'} label={t.config.contentOf(name)} original={config.content} />
        </div>
      </div>
    </Dialog>
  );
}

/** Copies of the configuration that only some clients get. */
export function GrayTab({ config }: { config: ConfigFull }) {
  const t = useT();
  const [starting, setStarting] = useState(false);
  const start = (
    <Button writes look="primary" icon={Contrast} why={!config.may.includes('w') && t.configs.mayNot} onClick={() => setStarting(true)}>
      {t.gray.start}
    </Button>
  );
  return (
    <div className="flex flex-col gap-4">
      {config.gray.length ? (
        <>
          <div className="flex justify-end">{start}</div>
          {config.gray.map((gray) => (
            <GrayCard key={gray.name} config={config} gray={gray} />
          ))}
        </>
      ) : (
        <Card>
          <Blank icon={Contrast} title={t.gray.none} text={t.gray.noneText}>
            {start}
          </Blank>
        </Card>
      )}
      {starting && <StartDialog config={config} onClose={() => setStarting(false)} />}
    </div>
  );
}
