/** What an error of etcd that proves that nothing was applied means to the user. */
import type { FailureCode } from './operation.ts';
import type { EtcdErrorCode } from './ports.ts';

export function failureOf(code: EtcdErrorCode): FailureCode {
  if (code === 'too_many_requests') return 'overloaded';
  if (code === 'corrupt') return 'unavailable';
  return code === 'request_too_large' ? 'too_large' : 'refused';
}
