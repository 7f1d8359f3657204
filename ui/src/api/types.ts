export interface Page<T> {
  totalCount: number;
  pageNumber: number;
  pagesAvailable: number;
  pageItems: T[];
}

export interface Namespace {
  namespace: string;
  namespaceShowName: string;
  namespaceDesc: string | null;
  quota: number;
  configCount: number;
  type: number;
}

export interface ConfigDetail {
  id: string;
  namespaceId: string;
  groupName: string;
  dataId: string;
  md5: string | null;
  type: string | null;
  appName: string | null;
  createTime: number;
  modifyTime: number;
  content: string;
  desc: string | null;
  encryptedDataKey: string | null;
  createUser: string | null;
  createIp: string | null;
  configTags: string | null;
}

export interface HealthChecker {
  type: string;
  path?: string;
  headers?: string;
  user?: string;
  pwd?: string;
  cmd?: string;
}

export interface ClusterInfo {
  clusterName: string;
  healthChecker: HealthChecker | null;
  healthyCheckPort: number;
  useInstancePortForCheck: boolean;
  metadata: Record<string, string>;
}

export interface ServiceDetail {
  namespaceId: string;
  serviceName: string;
  groupName: string;
  clusterMap: Record<string, ClusterInfo>;
  metadata: Record<string, string>;
  protectThreshold: number;
  selector: { type: string; expression?: string };
  ephemeral: boolean;
}

export interface Subscriber {
  ip: string;
  port: number;
  address?: string;
  agent: string;
  appName: string;
}

export interface UserRow {
  username: string;
}

export interface RoleRow {
  role: string;
  username: string;
}

export interface PermissionRow {
  role: string;
  resource: string;
  action: string;
}

export interface ImportResult {
  succCount: number;
  skipCount: number;
  skipData?: { dataId: string; group: string }[];
  failData?: { dataId: string; group: string }[];
  unrecognizedCount?: number;
  unrecognizedData?: { itemName: string }[];
}

/** The page and the page size of an address. */
export function paging(search: Record<string, string | undefined>, size: number): { pageNo: number; pageSize: number } {
  return { pageNo: Math.max(1, Number(search.page) || 1), pageSize: Math.min(500, Math.max(1, Number(search.size) || size)) };
}
