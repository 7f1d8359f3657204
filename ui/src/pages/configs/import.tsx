import { Link, useNavigate } from '@tanstack/react-router';
import { FileUp, Upload } from 'lucide-react';
import { useState } from 'react';
import { importConfigs, type Policy } from '../../api/config';
import type { Step } from '../../api/http';
import { previewImport, type ImportPlan, type PlanItem } from '../../api/extconfig';
import { useConsent } from '../../app/consent';
import { useAct } from '../../app/mutate';
import { useNamespaceName } from '../../app/namespace';
import { usePath } from '../../app/query';
import { useServer } from '../../app/server';
import { useT, type Dictionary } from '../../i18n';
import { bytes } from '../../lib/time';
import { Button } from '../../ui/button';
import { CodeDiff } from '../../ui/code/lazy';
import { cx } from '../../ui/cx';
import { Dialog } from '../../ui/dialog';
import { linkLook } from '../../ui/link';
import { Card, PageHead } from '../../ui/page';
import { FileProgress } from '../../ui/progress';
import { Strip } from '../../ui/states';
import { Badge, type Level } from '../../ui/status';
import { Table, type Column } from '../../ui/table';
import { PolicySelect } from './clone';

const levels: Record<PlanItem['state'], Level> = { new: 'ok', same: 'unknown', different: 'warn' };

function effect(t: Dictionary, item: PlanItem, policy: Policy): string {
  if (!item.may) return t.transfer.effects.refused;
  if (item.state === 'new') return t.transfer.effects.create;
  if (policy === 'ABORT') return t.transfer.effects.stop;
  return policy === 'SKIP' ? t.transfer.effects.skip : t.transfer.effects.replace;
}

function Drop({ busy, step, onFile }: { busy: boolean; step: Step | undefined; onFile: (file: File) => void }) {
  const t = useT();
  const has = useServer();
  const [over, setOver] = useState(false);
  return (
    <label
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer.files[0];
        if (file) onFile(file);
      }}
      className={cx('flex cursor-pointer flex-col items-center gap-2 rounded-lg border-2 border-dashed px-6 py-12 text-center focus-within:border-accent hover:bg-hover', over ? 'border-accent bg-accent-soft' : 'border-line-strong')}
    >
      <FileUp size={28} aria-hidden className="text-fg-3" />
      <span className="text-base font-medium">{busy ? t.common.loading : t.transfer.drop}</span>
      <span className="max-w-md text-sm text-fg-2">{t.transfer.dropText(bytes(has.limits.maxImport))}</span>
      {busy && <span className="w-full max-w-md"><FileProgress step={step} /></span>}
      <input type="file" accept=".zip,application/zip" disabled={busy} className="sr-only" onChange={(event) => event.target.files?.[0] && onFile(event.target.files[0])} />
    </label>
  );
}

function planColumns(t: Dictionary, policy: Policy, onCompare: (item: PlanItem) => void): Column<PlanItem>[] {
  return [
    { key: 'dataId', title: t.configs.dataId, cell: (item) => <div className="min-w-28"><span className="block font-medium wrap-anywhere">{item.dataId}</span><span className="block text-xs wrap-anywhere text-fg-3 md:hidden">{item.groupName}</span></div> },
    { key: 'group', title: t.common.group, width: '24%', wide: true, cell: (item) => <span className="wrap-anywhere">{item.groupName}</span> },
    { key: 'state', title: t.common.state, width: '10rem', narrow: '1%', cell: (item) => <Badge level={levels[item.state]}>{t.transfer.states[item.state]}</Badge> },
    { key: 'effect', title: t.transfer.effect, width: '10rem', narrow: '1%', cell: (item) => effect(t, item, policy) },
    { key: 'size', title: t.configs.size, width: '6rem', wide: true, align: 'end', cell: (item) => bytes(item.size) },
    {
      key: 'compare',
      title: t.history.compare,
      quiet: true,
      width: '7rem',
      narrow: '1%',
      align: 'end',
      cell: (item) => item.state === 'different' && item.content !== null && item.current !== null && <Button className="h-7" onClick={() => onCompare(item)}>{t.history.compare}</Button>,
    },
  ];
}

function Plan({ plan, file, onAgain }: { plan: ImportPlan; file: File; onAgain: () => void }) {
  const t = useT();
  const { ns } = usePath();
  const navigate = useNavigate();
  const [policy, setPolicy] = useState<Policy>('SKIP');
  const [compared, setCompared] = useState<PlanItem>();
  const [step, setStep] = useState<Step>();
  const consent = useConsent(ns);
  const act = useAct({
    run: () => importConfigs(ns, policy, file, consent.said, setStep),
    done: (result) => t.transfer.result(result.succCount, result.skipCount, result.failData?.length ?? 0),
    stale: [['configs', ns], ['releases', ns]],
    then: () => void navigate({ to: '/ns/$ns/configs', params: { ns } }),
  });
  const blocked = plan.items.some((item) => !item.may);
  const stops = policy === 'ABORT' && plan.counts.new < plan.items.length;
  const count = plan.counts.new + (policy === 'OVERWRITE' ? plan.items.length - plan.counts.new : 0);
  const why = blocked ? t.transfer.refused : stops ? t.transfer.stops : (!count && t.transfer.nothingToDo) || consent.why;
  return (
    <div className="flex flex-col gap-4">
      {plan.unrecognized?.length > 0 && <Strip>{t.transfer.unrecognized(plan.unrecognized.join(', '))}</Strip>}
      <Card>
        <div className="flex flex-wrap items-end justify-between gap-4">
          <div className="w-full sm:w-96">
            <PolicySelect value={policy} onChange={setPolicy} />
          </div>
          {consent.fields && <div className="w-full sm:w-96">{consent.fields}</div>}
          <div className="flex gap-2">
            <Button why={act.isPending && t.common.loading} onClick={onAgain}>{t.transfer.otherFile}</Button>
            <Button writes look="primary" icon={Upload} busy={act.isPending} why={why} onClick={() => act.mutate()}>
              {t.transfer.import(count)}
            </Button>
          </div>
        </div>
        {act.isPending && <div className="mt-4"><FileProgress step={step} /></div>}
      </Card>
      <Card flush title={t.transfer.plan(plan.counts.new, plan.counts.different, plan.counts.same)}>
        <Table label={t.transfer.effect} columns={planColumns(t, policy, setCompared)} rows={plan.items} rowKey={(item) => `${item.groupName}/${item.dataId}`} />
      </Card>
      {compared && (
        <Dialog open onClose={() => setCompared(undefined)} size="full" title={compared.dataId} description={compared.groupName}>
          <CodeDiff before={compared.current ?? ''} after={compared.content ?? ''} type={compared.type} beforeTitle={t.history.now} afterTitle={file.name} className="min-h-80 flex-1" />
        </Dialog>
      )}
    </div>
  );
}

/** Brings in a zip: first what it would do, then does it. */
export function ImportPage() {
  const t = useT();
  const { ns } = usePath();
  const name = useNamespaceName(ns);
  const [file, setFile] = useState<File>();
  const [step, setStep] = useState<Step>();
  const act = useAct({ run: (chosen: File) => previewImport(ns, chosen, setStep), then: (_, chosen) => setFile(chosen) });
  return (
    <>
      <PageHead title={t.transfer.title(name)} crumbs={<Link to="/ns/$ns/configs" params={{ ns }} className={linkLook}>{t.nav.configs}</Link>} text={t.transfer.text} />
      {file && act.data ? (
        <Plan plan={act.data} file={file} onAgain={() => setFile(undefined)} />
      ) : (
        <Card>
          <Drop busy={act.isPending} step={step} onFile={(chosen) => act.mutate(chosen)} />
        </Card>
      )}
    </>
  );
}
