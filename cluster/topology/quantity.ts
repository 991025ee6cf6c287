/** Kubernetes quantities as the topology allows them: sizes with a binary suffix, processor time in cores. */

const unitBytes = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };

/** Bytes of a size such as "64Mi". The topology has checked its form. */
export function byteCount(size: string): number {
  const match = /^(\d+)(Ki|Mi|Gi|Ti)$/.exec(size);
  if (match === null) throw new Error(`${size} is not a size`);
  return Number(match[1]) * unitBytes[match[2] as keyof typeof unitBytes];
}

/** Thousandths of a core: 300 for "300m" and for "0.3". The topology has checked its form. */
export function milliCores(cpu: string): number {
  const value = cpu.endsWith('m') ? Number(cpu.slice(0, -1)) : Number(cpu) * 1000;
  if (!(value > 0)) throw new Error(`${cpu} is not an amount of processor time`);
  return Math.round(value);
}
