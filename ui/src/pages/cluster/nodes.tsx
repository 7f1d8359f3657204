import { useQuery } from '@tanstack/react-query';
import { Crown, GitCompareArrows } from 'lucide-react';
import { clusterKey, getCluster, type Cluster, type ClusterNode } from '../../api/cluster';
import { useT } from '../../i18n';
import { bytes, duration, number } from '../../lib/time';
import { Card, Facts, PageHead } from '../../ui/page';
import { Loaded, Strip } from '../../ui/states';
import { Badge, State } from '../../ui/status';
import { Table } from '../../ui/table';
import { Time } from '../../ui/time';
import { CompareNow } from './compared';
import { levels } from './levels';
import { Sights } from './sights';

function NodeCard({ node, alone }: { node: ClusterNode; alone: boolean }) {
  const t = useT();
  const { load, raft, distro } = node;
  return (
    <Card
      title={<span className="flex flex-wrap items-center gap-2"><span className="font-mono wrap-anywhere">{node.address}</span>{node.self && <Badge level="info">{t.nodes.self}</Badge>}{node.leader && <Badge level="ok"><Crown size={11} aria-hidden className="mr-1" />{t.nodes.leader}</Badge>}</span>}
      actions={<State level={levels[node.state] ?? 'unknown'}>{t.nodes.states[node.state as 'UP'] ?? node.state}</State>}
    >
      {node.error && <div className="mb-3"><Strip tone="bad">{node.error}</Strip></div>}
      <Facts
        items={[
          [t.config.version, t.common.version(node.version)],
          !alone && !node.self && node.state !== 'UP' && [t.clients.seen, <Time key="t" at={node.lastSeen} />],
          load && [t.nodes.uptime, duration(load.uptime)],
          load && [t.nodes.cpu, `${number(load.cpu * 100, 1)} % · ${t.nodes.load} ${number(load.load, 2)}`],
          load && [t.nodes.memory, bytes(load.memory)],
          load && [t.nodes.connections, number(load.connections)],
          load && [t.nodes.goroutines, number(load.goroutines)],
          raft && ['Raft', `${t.nodes.roles[raft.role.toLowerCase() as 'leader'] ?? raft.role} · ${t.nodes.term} ${raft.term}`],
          raft && [t.nodes.applied, `${number(raft.applied)} / ${number(raft.commit)}${raft.commit > raft.applied ? ` (${t.nodes.lag(raft.commit - raft.applied)})` : ''}`],
          raft && [t.nodes.snapshot, number(raft.snapshot)],
          distro && ['Distro', t.nodes.distro(distro.clients, distro.owned)],
          distro && [t.nodes.repaired, `${number(distro.repaired)} / ${number(distro.mismatches)}`],
          distro && distro.errors > 0 && [t.nodes.failures, number(distro.errors)],
        ]}
      />
    </Card>
  );
}

function Sync({ nodes }: { nodes: ClusterNode[] }) {
  const t = useT();
  const rows = nodes.flatMap((node) => (node.distro?.peers ?? []).map((peer) => ({ ...peer, from: node.address })));
  if (!rows.length) return null;
  return (
    <Card flush title={t.nodes.sync}>
      <Table
        label={t.nodes.sync}
        rows={rows}
        rowKey={(row) => `${row.from} ${row.address}`}
        columns={[
          { key: 'from', title: t.nodes.from, cell: (row) => <span className="font-mono text-xs">{row.from}</span> },
          { key: 'to', title: t.nodes.to, width: '24%', cell: (row) => <span className="font-mono text-xs">{row.address}</span> },
          { key: 'queue', title: t.nodes.queue, width: '6rem', align: 'end', cell: (row) => number(row.queue) },
        ]}
      />
    </Card>
  );
}

function Sentence({ data }: { data: Cluster }) {
  const t = useT();
  const { raft, divergence, answered } = data;
  const diverged = divergence ?? [];
  return (
    <>
      {raft && (
        <Strip tone={!raft.leader ? 'bad' : raft.tolerates > 0 ? 'info' : 'warn'} icon={Crown}>
          {raft.leader ? t.nodes.sentence(raft.leader, raft.term, raft.up, raft.voters, raft.tolerates) : t.nodes.noLeader}
        </Strip>
      )}
      {answered && answered.ok < answered.of && <Strip>{t.nodes.answered(answered.ok, answered.of)}</Strip>}
      {raft && !diverged.length && <Strip tone="info" icon={GitCompareArrows}>{t.nodes.converged}</Strip>}
      {diverged.map((one) => (
        <Strip key={`${one.kind} ${one.address}`} icon={GitCompareArrows}>
          {one.kind} · {one.address} · {one.detail}
        </Strip>
      ))}
    </>
  );
}

/** The nodes, who leads, and whether all of them have the same data. */
export function NodesPage() {
  const t = useT();
  const query = useQuery({ queryKey: clusterKey, queryFn: getCluster, refetchInterval: 5000 });
  return (
    <>
      <PageHead title={t.nav.nodes} text={query.data?.mode === 'standalone' ? t.nodes.alone : undefined} />
      <Loaded query={query}>
        {(data) => (
          <div className="flex flex-col gap-4">
            <Sentence data={data} />
            <div className="grid gap-4 md:grid-cols-2 xl:grid-cols-3">
              {data.nodes.map((node) => (
                <NodeCard key={node.address} node={node} alone={data.nodes.length === 1} />
              ))}
            </div>
            <Sights nodes={data.nodes} />
            {data.nodes.length > 1 && <CompareNow />}
            <Sync nodes={data.nodes} />
          </div>
        )}
      </Loaded>
    </>
  );
}
