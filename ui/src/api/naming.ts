import { del, get, post, put } from './http';
import type { HealthChecker, Page, ServiceDetail, Subscriber } from './types';

/** What names one service. */
export interface ServiceName {
  ns: string;
  group: string;
  service: string;
}

export interface ServiceForm {
  protectThreshold: number;
  metadata: Record<string, string>;
  selector: { type: string; expression?: string };
  ephemeral: boolean;
}

const root = 'v3/console/ns';
const named = (s: ServiceName) => ({ namespaceId: s.ns, groupName: s.group, serviceName: s.service });

export const namingKeys = {
  service: (s: ServiceName) => ['service', s.ns, s.group, s.service] as const,
  subscribers: (s: ServiceName, page: number, size: number) => ['service', s.ns, s.group, s.service, 'subscribers', page, size] as const,
};

export const getService = (s: ServiceName) => get<ServiceDetail>(`${root}/service`, named(s));

const fields = (s: ServiceName, form: ServiceForm) => ({
  ...named(s),
  protectThreshold: form.protectThreshold,
  metadata: JSON.stringify(form.metadata),
  selector: JSON.stringify(form.selector),
  ephemeral: form.ephemeral,
});

export const createService = (s: ServiceName, form: ServiceForm) => post<string>(`${root}/service`, fields(s, form));

export const updateService = (s: ServiceName, form: ServiceForm) => put<string>(`${root}/service`, fields(s, form));

export const deleteService = (s: ServiceName) => del<string>(`${root}/service`, named(s));

export const listSubscribers = (s: ServiceName, page: number, size: number) =>
  get<Page<Subscriber>>(`${root}/service/subscribers`, { ...named(s), pageNo: page, pageSize: size });

export interface ClusterForm {
  cluster: string;
  port: number;
  ownPort: boolean;
  checker: HealthChecker;
  metadata: Record<string, string>;
}

export const updateCluster = (s: ServiceName, form: ClusterForm) =>
  put<string>(`${root}/service/cluster`, {
    ...named(s),
    clusterName: form.cluster,
    checkPort: form.port,
    useInstancePort4Check: form.ownPort,
    healthChecker: JSON.stringify(form.checker),
    metadata: JSON.stringify(form.metadata),
  });
