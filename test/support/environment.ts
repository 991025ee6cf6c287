/**
 * The environment of the tests: tests, and all processes that they start, get the same one however they were started.
 * vitest's configuration sets it before any worker begins, so that Node.js itself starts in it.
 */

/** What a program needs of the machine: its paths, and the way to Docker. */
const ofTheMachine =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|XDG_RUNTIME_DIR|DOCKER_\w+|SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS)$/;
/** Settings of the tests themselves: the seed, and which browser, images and etcds they use. */
const ofTheTests =
  /^(SEED|RUNS|VASE_TEST_SET|CHROME_PATH|VASE_KIND_SHORT|VASE_(NODE|ETCD|BASE)_IMAGE|VASE_ETCD(_RELEASES)?|VASE_BIN|VITEST(_\w+)?)$/;

/** The same on every machine. */
const fixed = { LANG: 'C.UTF-8', TZ: 'UTC', NODE_ENV: 'test' };

/** Selects by name alone: leaves out make's, npm's and CI's variables, proxies, locales and the user's own VASE_*. */
export function environmentOfTests(given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(given).filter(([name]) => ofTheMachine.test(name) || ofTheTests.test(name));
  return { ...Object.fromEntries(kept), ...fixed };
}

/** Sets the environment of this process, and so of its children. */
export function setEnvironmentOfTests(): void {
  const wanted = environmentOfTests(process.env);
  for (const name of Object.keys(process.env)) if (!(name in wanted)) delete process.env[name];
  Object.assign(process.env, wanted);
  process.umask(0o022);
}
