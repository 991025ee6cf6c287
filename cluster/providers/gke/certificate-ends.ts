/** Certificates of a cluster on GKE that end soon: nothing can connect to the owner of a certificate that has ended. */
import { endingCertificates } from '../../certificates/certificate-store.ts';
import type { Problem } from '../provider.ts';

/** One problem for all of them: one command renews them all. @param folder of the certificates. */
export async function findEndingCertificates(folder: string, nowMs: number): Promise<Problem[]> {
  const ending = await endingCertificates(folder, nowMs);
  const [first] = ending;
  if (first === undefined) return [];
  const days = Math.floor(first.daysLeft);
  const when = days < 0 ? 'has ended' : `ends in ${days} days`;
  const others = ending.length === 1 ? '' : ` and ${ending.length - 1} more end soon`;
  return [
    {
      what: `the certificate ${first.name} ${when}${others}`,
      fix: '`make deploy-gke`, with the arguments that it was deployed with, makes them anew and restarts what reads them.',
    },
  ];
}
