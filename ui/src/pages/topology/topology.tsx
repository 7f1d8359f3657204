import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Download, Waypoints, X } from 'lucide-react';
import { getTopology, topologyKeys, type Topology, type TopologyNode } from '../../api/topology';
import { useAddress, usePath, useTyped } from '../../app/query';
import { useT, type Dictionary } from '../../i18n';
import { saveFile } from '../../lib/save';
import { Button } from '../../ui/button';
import { CopyButton } from '../../ui/copybutton';
import { SearchInput, Select } from '../../ui/field';
import { ServiceLink } from '../../ui/link';
import { Card, PageHead, Tabs } from '../../ui/page';
import { Blank, Loaded, Strip } from '../../ui/states';
import { State } from '../../ui/status';
import { Partial } from '../config/listenerstab';
import { Graph } from './graph';
import { NodeList } from './list';
import { facts, levelOf, nameOf } from './words';

const refetch = 10_000; // who only stops to subscribe is told of by nobody

// The drawing for other programs, as Graphviz takes it.
function dot(t: Dictionary, data: Topology): string {
  const quote = (text: string) => JSON.stringify(text);
  return [
    'digraph services {',
    '  rankdir=LR;',
    ...data.nodes.map((node) => `  ${quote(node.id)} [label=${quote(`${nameOf(t, node)}\n${facts(t, node)}`)}, shape=${node.kind === 'service' ? 'box' : 'oval'}];`),
    ...data.edges.map((edge) => `  ${quote(edge.from)} -> ${quote(edge.to)} [label=${quote(String(edge.subscribers))}${edge.inferred ? ', style=dashed' : ''}];`),
    '}',
    '',
  ].join('\n');
}

function Focus({ ns, node, impact, onClear }: { ns: string; node: TopologyNode; impact: Topology['impact']; onClear: () => void }) {
  const t = useT();
  return (
    <Card>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 text-sm">
        <h2 className="text-base font-semibold wrap-anywhere">{node.kind === 'service' && node.instances ? <ServiceLink ns={ns} group={node.groupName} service={node.name} /> : nameOf(t, node)}</h2>
        <State level={levelOf(node)}>{facts(t, node)}</State>
        {node.self > 0 && <span className="text-fg-2">{t.topology.itself(node.self)}</span>}
        {impact && <span className="text-fg-2">{t.topology.impact(impact.services, impact.subscribers)}</span>}
        <Button icon={X} onClick={onClear} className="ml-auto">
          {t.topology.everything}
        </Button>
      </div>
    </Card>
  );
}

function Body({ data }: { data: Topology }) {
  const t = useT();
  const { ns } = usePath();
  const [search, change] = useAddress();
  const q = (search.q ?? '').toLowerCase();
  const fits = (node: TopologyNode) => !q || nameOf(t, node).toLowerCase().includes(q) || node.groupName.toLowerCase().includes(q);
  const focusOn = (focus: string) => change({ focus, q: undefined }, true);
  const focused = data.nodes.find((node) => node.id === search.focus);
  if (!data.nodes.length) return <Card><Blank icon={Waypoints} title={data.alone ? t.topology.nobody : t.services.none} text={data.alone ? t.topology.alone(data.alone) : t.services.noneText} /></Card>;
  return (
    <div className="flex flex-col gap-4">
      <Partial nodes={data.answered} />
      {data.truncated && <Strip tone="info">{t.topology.truncated}</Strip>}
      {focused && <Focus ns={ns} node={focused} impact={data.impact} onClear={() => change({ focus: undefined, depth: undefined }, true)} />}
      <Tabs
        label={t.nav.topology}
        value={search.view === 'list' ? 'list' : 'drawing'}
        onChange={(view) => change({ view: view === 'list' ? 'list' : undefined })}
        tabs={[
          { key: 'drawing', title: t.topology.asDrawing, content: () => <Card flush className="overflow-hidden"><Graph data={data} focus={search.focus} fits={fits} onFocus={focusOn} /></Card> },
          { key: 'list', title: t.topology.asList, content: () => <Card flush><NodeList ns={ns} data={data} fits={fits} onFocus={focusOn} /></Card> },
        ]}
      />
      {data.alone > 0 && <p className="text-xs text-fg-3">{t.topology.alone(data.alone)}</p>}
    </div>
  );
}

/** Who uses which service: the namespace as a whole, or what is around one of its services. */
export function TopologyPage() {
  const t = useT();
  const { ns } = usePath();
  const [search, change] = useAddress();
  const [q, setQ] = useTyped(search.q ?? '', (value) => change({ q: value || undefined }));
  const asked = { namespaceId: ns, focus: search.focus, depth: search.focus && search.depth, groupBy: search.groupBy };
  const query = useQuery({ queryKey: topologyKeys.one(asked), queryFn: ({ signal }) => getTopology(asked, signal), placeholderData: keepPreviousData, refetchInterval: refetch });
  return (
    <>
      <PageHead
        title={t.nav.topology}
        text={t.topology.text}
        actions={
          <>
            <CopyButton data-key="c" text={() => location.href} label={t.common.copyLink} />
            <Button icon={Download} why={!query.data?.nodes.length && t.topology.nobody} onClick={() => saveFile(`${ns}.dot`, dot(t, query.data!), 'text/vnd.graphviz;charset=utf-8')}>
              DOT
            </Button>
          </>
        }
      />
      <div className="mb-4 flex flex-wrap gap-2">
        <SearchInput data-filter label={t.topology.find} value={q} onChange={setQ} className="w-full sm:w-64" />
        <Select aria-label={t.topology.groupBy} value={search.groupBy ?? 'application'} onChange={(event) => change({ groupBy: event.target.value === 'application' ? undefined : event.target.value, focus: undefined, depth: undefined })} className="w-auto">
          {(['application', 'client', 'group'] as const).map((by) => (
            <option key={by} value={by}>
              {t.topology.by[by]}
            </option>
          ))}
        </Select>
        {search.focus && (
          <Select aria-label={t.topology.depth} value={search.depth ?? '1'} onChange={(event) => change({ depth: event.target.value === '1' ? undefined : event.target.value })} className="w-auto">
            {['1', '2', '3', '4', '5'].map((depth) => (
              <option key={depth} value={depth}>
                {t.topology.steps(Number(depth))}
              </option>
            ))}
          </Select>
        )}
      </div>
      <Loaded query={query}>{(data) => <Body data={data} />}</Loaded>
    </>
  );
}
