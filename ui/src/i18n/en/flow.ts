const n = new Intl.NumberFormat('en');
const s = (count: number, one: string, many: string) => (count === 1 ? `1 ${one}` : `${n.format(count)} ${many}`);

export const flow = {
  activity: {
    title: 'Activity',
    when: 'When',
    what: 'What',
    instance: 'Instance',
    by: 'By',
    node: 'Node',
    kinds: {
      registered: 'registered',
      deregistered: 'deregistered',
      disconnected: 'connection lost',
      expired: 'expired: its client fell silent',
      unhealthy: 'became unhealthy',
      healthy: 'healthy again',
      altered: 'its client sends other values',
      operated: 'changed by an operator',
    },
    on: 'traffic on',
    off: 'traffic off',
    weight: (value: number) => `weight ${n.format(value)}`,
    flapping: (count: number) => `${s(count, 'instance keeps', 'instances keep')} coming and going`,
    changes: (count: number, time: string) => `changed ${n.format(count)} times within ${time}`,
    since: (time: string) => `Kept in memory, complete since ${time}.`,
    none: 'Nothing has happened',
    noneText: 'Instances that come, go or change appear here.',
  },
};
