import { useQuery } from '@tanstack/react-query';
import { RefreshCw, RotateCcw, Undo2 } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { applyPlan, makePlan, readPlan, undoPlan, type Ask, type Item, type Plan } from '../../api/bulk';
import { ApiError } from '../../api/errors';
import { useConsent } from '../../app/consent';
import { useAct } from '../../app/mutate';
import { useT } from '../../i18n';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Field, Input } from '../../ui/field';
import { Progress } from '../../ui/progress';
import { Loaded, Strip } from '../../ui/states';
import { Badge, type Level } from '../../ui/status';
import { Table } from '../../ui/table';
import { complain } from '../../ui/toast';
import { effectOf, nameOf, placeOf, remarkOf } from './words';

const levels: Record<Item['outcome'], Level> = { waiting: 'unknown', done: 'ok', skipped: 'unknown', conflict: 'warn', denied: 'bad', failed: 'bad' };
const askEvery = 250; // milliseconds between looks at a plan that is being applied

interface Props {
  title: string;
  /** What is planned; nothing while something is still to be said. */
  ask: Ask | undefined;
  /** Why there is nothing to plan yet. */
  why?: string | false;
  submit: string;
  danger?: boolean;
  /** Above how many items their number has to be typed. */
  typeAbove?: number;
  /** The queries whose answers are no longer true. */
  stale: readonly (readonly unknown[])[];
  done: (count: number) => string;
  /** Builds the selection for what was not done, to plan it again. */
  again?: (items: Item[]) => readonly object[];
  /** With nothing left to say the dialog closes by itself. */
  leave?: boolean;
  onClose: () => void;
  onDone: () => void;
  children?: ReactNode;
}

// Looks at a plan that is being applied, until it is not.
function useWatched(plan: Plan | undefined, busy: boolean, tell: (plan: Plan) => void) {
  const id = plan?.planId;
  useEffect(() => {
    if (!busy || !id) return undefined;
    let over = false;
    const look = () => readPlan(id).then((seen) => over || tell(seen), () => undefined);
    const timer = setInterval(() => void look(), askEvery);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [busy, id]); // eslint-disable-line react-hooks/exhaustive-deps -- tell is that of the same dialog
}

// Whether a plan has grown too old to be applied, and what says so where the server was first to.
function useExpiry(plan: Plan | undefined): [boolean, (id: string) => void] {
  const [gone, setGone] = useState('');
  const waits = plan?.state === 'planned' ? plan : undefined;
  const [id, life] = [waits?.planId, waits && waits.expires - waits.made]; // by the server's clock, which may be another one
  useEffect(() => {
    if (!id) return undefined;
    const timer = setTimeout(() => setGone(id), life);
    return () => clearTimeout(timer);
  }, [id, life]);
  return [id !== undefined && gone === id, setGone];
}

function Items({ plan, label }: { plan: Plan; label: string }) {
  const t = useT();
  const [first] = plan.items;
  return (
    <div className="rounded-lg border border-line">
      <Table
        label={label}
        rows={plan.items}
        rowKey={(item) => `${item.target.groupName} ${item.target.serviceName ?? ''} ${item.target.clusterName ?? ''} ${nameOf(item)}`}
        columns={[
          { key: 'name', title: first?.target.kind === 'config' ? t.configs.dataId : first?.target.kind === 'service' ? t.services.name : t.instances.address, cell: (item) => <span className="block min-w-28 wrap-anywhere">{nameOf(item)}</span> },
          { key: 'place', title: first?.target.kind === 'instance' ? t.services.name : t.common.group, width: '20%', wide: true, cell: (item) => <span className="wrap-anywhere">{placeOf(item)}</span> },
          { key: 'effect', title: t.transfer.effect, width: '18%', narrow: '24%', cell: (item) => <span className={item.allowed ? '' : 'text-bad'}>{effectOf(t, item)}</span> },
          {
            key: 'remark',
            title: plan.state === 'planned' ? t.bulk.remark : t.bulk.outcome,
            width: '28%',
            narrow: '36%',
            cell: (item) => (item.outcome === 'waiting' ? <span className="text-fg-2 wrap-anywhere">{remarkOf(t, item)}</span> : <Badge level={levels[item.outcome]}>{remarkOf(t, item)}</Badge>),
          },
        ]}
      />
    </div>
  );
}

const still = (item: Item) => item.outcome === 'conflict' || item.outcome === 'failed';
// What the policy of its namespace is about: changes of configs, and removals.
const asks = ({ target, effect }: Item) => effect !== 'none' && (target.kind === 'config' || effect === 'delete');
const toDo = (plan: Plan) => plan.items.filter((item) => item.effect !== 'none' && item.allowed).length;

/** Shows what the server would do, does it when it is confirmed, says how each went, and takes it back. */
export function PlanDialog({ title, ask, why, submit, danger, typeAbove, stale, done, again, leave, onClose, onDone, children }: Props) {
  const t = useT();
  const [asked, setAsked] = useState<Ask>();
  const now = asked ?? ask;
  const query = useQuery({ queryKey: ['bulk', now], queryFn: () => makePlan(now!), enabled: Boolean(now), staleTime: Infinity, gcTime: 0, retry: false, refetchOnWindowFocus: false, refetchOnReconnect: false });
  const [later, setLater] = useState<Plan>(); // the plan once it is applied, or another one that takes it back
  const [typed, setTyped] = useState('');
  const plan = later ?? query.data;
  const undoing = Boolean(plan?.undoes);
  const [guarded] = plan?.items.filter(asks) ?? [];
  const consent = useConsent(guarded?.target.namespaceId, { notes: guarded?.target.kind === 'config' });
  const [expired, expire] = useExpiry(plan);
  const apply = useAct<Plan, Plan>({
    run: (one) => applyPlan(one.planId, consent.said),
    done: (one) => (undoing ? t.bulk.undone(one.outcomes.done ?? 0) : done(one.outcomes.done ?? 0)),
    stale,
    then: (one) => {
      setLater(one);
      if (leave && one.outcomes.done === one.of) onDone();
    },
    fail: (error) => {
      if (error instanceof ApiError && (error.key === 'expired' || error.missing)) {
        expire(plan?.planId ?? '');
        return true;
      }
      complain(error);
      void (plan && readPlan(plan.planId).then(setLater, () => undefined)); // it may go on, or be gone
      return true;
    },
  });
  const undo = useAct<Plan, Plan>({ run: (one) => undoPlan(one.planId), then: setLater });
  useWatched(plan, apply.isPending || plan?.state === 'applying', (seen) => setLater((old) => (old?.state === 'applied' ? old : seen)));
  const renew = () => {
    if (plan?.undoes) return undo.mutate({ ...plan, planId: plan.undoes });
    setLater(undefined);
    void query.refetch();
  };
  const applied = plan?.state === 'applied';
  const close = applied ? onDone : onClose;
  const count = plan ? toDo(plan) : 0;
  const needs = typeAbove !== undefined && count > typeAbove && !undoing ? String(count) : '';
  const refused = why || (!plan && t.bulk.planning) || (expired && t.bulk.expired) || (count === 0 && t.bulk.nothing) || (needs !== '' && typed !== needs && t.confirm.typeFirst(needs)) || consent.why;
  const rest = applied && again ? plan.items.filter(still) : [];
  return (
    <Dialog
      open
      onClose={close}
      size="large"
      title={undoing ? t.bulk.undoTitle : title}
      footer={
        applied ? (
          <>
            {rest.length > 0 && (
              <Button
                icon={RotateCcw}
                onClick={() => {
                  setAsked({ ...now!, selection: again!(rest) });
                  setLater(undefined);
                }}
              >
                {t.bulk.again(rest.length)}
              </Button>
            )}
            {plan.undoable > 0 && (
              <Button icon={Undo2} busy={undo.isPending} onClick={() => undo.mutate(plan)}>
                {t.bulk.undo(plan.undoable)}
              </Button>
            )}
            <Button look="primary" autoFocus onClick={close}>
              {t.common.close}
            </Button>
          </>
        ) : (
          <>
            <Button autoFocus onClick={close}>
              {t.common.cancel}
            </Button>
            <Button writes look={danger && !undoing ? 'danger' : 'primary'} busy={apply.isPending || plan?.state === 'applying'} why={refused} onClick={() => plan && apply.mutate(plan)}>
              {undoing ? t.bulk.takeBack : submit}
            </Button>
          </>
        )
      }
    >
      {!later && children}
      {now && (
        <Loaded query={{ data: plan, error: query.error, isPending: query.isPending, refetch: query.refetch }}>
          {(one) => (
            <>
              {expired && (
                <div role="alert">
                  <Strip action={<Button icon={RefreshCw} busy={query.isFetching || undo.isPending} onClick={renew}>{t.bulk.renew}</Button>}>{t.bulk.expired}</Strip>
                </div>
              )}
              {(apply.isPending || one.state === 'applying') && <Progress done={one.done} of={one.of} />}
              {one.refused > 0 && !applied && <Strip>{t.bulk.refused(one.refused)}</Strip>}
              {applied && <Strip tone={rest.length || one.outcomes.denied ? 'warn' : 'info'}>{t.bulk.result(one.outcomes.done ?? 0, (one.outcomes.conflict ?? 0) + (one.outcomes.failed ?? 0) + (one.outcomes.denied ?? 0), one.outcomes.skipped ?? 0)}</Strip>}
              <Items plan={one} label={title} />
              {!applied && consent.fields}
              {needs && !applied && <Field label={t.confirm.type(needs)}>{(props) => <Input {...props} value={typed} onChange={(event) => setTyped(event.target.value)} className="max-w-60" />}</Field>}
            </>
          )}
        </Loaded>
      )}
    </Dialog>
  );
}
