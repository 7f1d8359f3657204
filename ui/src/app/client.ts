import { QueryClient } from '@tanstack/react-query';
import { ApiError } from '../api/errors';

/** The cache of what the server said. A refusal is not asked for again; silence once. */
export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5000,
      gcTime: 120_000,
      refetchOnWindowFocus: true,
      retry: (failures, error) => !(error instanceof ApiError) && failures < 1,
    },
    mutations: { retry: false },
  },
});
