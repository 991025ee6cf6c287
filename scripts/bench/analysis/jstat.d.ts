/** The used part of jstat, which brings no types. */
declare module 'jstat' {
  interface StudentT {
    /** The quantile: t with P(T <= t) = p at so many degrees of freedom. */
    inv(p: number, degreesOfFreedom: number): number;
  }
  const jstat: { studentt: StudentT };
  export default jstat;
}
