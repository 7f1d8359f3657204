import type { Dictionary } from '../index';

export const flow: Pick<Dictionary, 'activity'> = {
  activity: {
    title: '动态',
    when: '时间',
    what: '事件',
    instance: '实例',
    by: '操作者',
    node: '节点',
    kinds: {
      registered: '已注册',
      deregistered: '已注销',
      disconnected: '连接断开',
      expired: '已过期：客户端失去联系',
      unhealthy: '变为不健康',
      healthy: '恢复健康',
      altered: '客户端上报了新的值',
      operated: '由运维修改',
    },
    on: '上线',
    off: '下线',
    weight: (value) => `权重 ${value}`,
    flapping: (count) => `${count} 个实例反复上下线`,
    changes: (count, time) => `${time} 内变化 ${count} 次`,
    since: (time) => `记录保存在内存中，自 ${time} 起完整。`,
    none: '还没有发生任何事件',
    noneText: '实例的上线、下线与变化会出现在这里。',
  },
};
