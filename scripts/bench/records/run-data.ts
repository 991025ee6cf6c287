/**
 * The files that a benchmark run writes into its folder `.vase/runs/<plan>-<time>/`: the runner writes these shapes, the report, the
 * comparison and the capacity model read them. Times are in ms, sizes in bytes, processor use in cores.
 *
 *     plan.json          the plan as it was read (BenchPlan)
 *     environment.json   Environment
 *     cells/<test>-<repeat>.json   CellResult; written atomically when the cell is done, so a run resumes by these files
 *     samples/<test>-<repeat>.jsonl   one Sample a line, one a second
 *     results.csv        the columns of the original's results, then more
 *     report.html  *.svg  *.png   the report
 *     repeat/<plan>.json   the plan as people write them, for `vase bench --plan`
 */

/** Shape of the load of one cell. Ten per cent puts: `write: 0.1`. */
export interface Workload {
  name: 'original' | 'ycsb-a' | 'ycsb-b' | 'ycsb-c' | 'write-only';
  /** Connections, each a closed loop. */
  users: number;
  keys: number;
  valueBytes: number;
  distribution: 'uniform' | 'zipfian';
}

export interface CellPlan {
  /** "1a": the name of the test, as in the original's plans. */
  test: string;
  sharders: number;
  shards: number;
  members: number;
  workload: Workload;
  /** Where this cell differs from the plan's limits. */
  limits?: Partial<Limits>;
  /** In place of the plan's. */
  rateShares?: number[];
}

/** Processor limits as in the topology ("300m"), null for none; the disk that each member emulates, or "off". */
export interface Limits {
  sharderCpu: string | null;
  etcdCpu: string | null;
  ssd: string;
}

/** A ratio that must hold between two cells, or the run ends with exit code 1. */
export interface Expectation {
  from: string;
  to: string;
  figure: 'requests_per_second' | 'p95_ms';
  /** figure(to) / figure(from) lies in [min, max]; null: no bound. */
  ratioMin: number | null;
  ratioMax: number | null;
}

export interface BenchPlan {
  name: string;
  provider: 'local' | 'kind';
  warmupSeconds: number;
  durationSeconds: number;
  repeats: number;
  /** Shares of the peak at which fixed-rate runs are made, for example [0.1, 0.5, 0.9]; empty for none. */
  rateShares: number[];
  rateSeconds: number;
  limits: Limits;
  cells: CellPlan[];
  expectations: Expectation[];
}

export interface Latencies {
  medianMs: number;
  meanMs: number;
  p90Ms: number;
  p95Ms: number;
  p99Ms: number;
  p999Ms: number;
  maxMs: number;
}

/** One load at one rate. */
export interface LoadResult {
  /** Requests/s asked for; null for a closed loop. */
  offeredPerSecond: number | null;
  requestsPerSecond: number;
  requests: number;
  /** Definite failures and unknown outcomes, counted apart. */
  failed: number;
  indefinite: number;
  latency: Latencies;
  /** Merged over all workers: hdr-histogram's compressed, base64 form, values in microseconds. */
  histogram: string;
  /** Cores that the load generator used, of one for each worker: a worker cannot use more than one core. */
  generatorCores: number;
  generatorWorkers: number;
}

/** Use of one sharder or member during the closed-loop load. */
export interface ProcessUse {
  name: string;
  cores: number;
  memoryBytesMax: number;
}

export interface FsyncFigures {
  member: string;
  p50Ms: number;
  p99Ms: number;
  fsyncsPerSecond: number;
}

export interface CellResult {
  test: string;
  repeat: number;
  cell: CellPlan;
  startedAt: string;
  peak: LoadResult;
  rates: LoadResult[];
  use: ProcessUse[];
  fsync: FsyncFigures[];
  /** Requests answered per shard, by name: the balance. */
  requestsPerShard: Record<string, number>;
  /** Mean operations in a batch, for reads and writes; null where no batch was seen. */
  batch: { reads: number | null; writes: number | null };
  /** The machine's cores that were in use: when all are, the machine is the limit. */
  machineCores: number;
  /** What limited this cell: the sharders' CPU limit, the shards' disk or CPU, the machine, or the generator. */
  limit: 'sharders' | 'shards' | 'machine' | 'generator' | 'unknown';
  /** Differences from the plan, one sentence each: a limit that this machine cannot enforce, for example. */
  notes?: string[];
}

/** A cell that could not be measured, in the same place as a CellResult. */
export interface CellFailure {
  test: string;
  repeat: number;
  cell: CellPlan;
  failure: string;
}

export interface Sample {
  /** Seconds since the load began. */
  second: number;
  requests: number;
  p50Ms: number;
  p99Ms: number;
  failed: number;
  indefinite: number;
}

export interface Environment {
  machine: string;
  cores: number;
  memoryBytes: number;
  os: string;
  node: string;
  etcd: string;
  vase: string;
  commit: string;
  provider: string;
  /** "pd-ssd:10Gi (emulated)", or "off". */
  disk: string;
  /** The 99th percentile of a shard's fsyncs, in the slowest shard of all cells; null or absent: not seen. */
  fsyncP99Ms?: number | null;
}
