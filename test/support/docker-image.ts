/** What the tests of images share: whether Docker and an image are available, as a reason to skip. */
import { CommandError } from '../../cluster/host/command-error.ts';
import { runCommand } from '../../cluster/host/run-command.ts';

/** Null when Docker answers and has the image, else a sentence that says what is missing. */
export async function missingImage(image: string, variable: string): Promise<string | null> {
  try {
    await runCommand('docker', ['version', '--format', '{{.Server.Version}}']);
  } catch (error) {
    if (error instanceof CommandError) return 'Docker does not answer here';
    throw error;
  }
  try {
    await runCommand('docker', ['image', 'inspect', image]);
    return null;
  } catch (error) {
    if (error instanceof CommandError) return `Docker has no image ${image} here; ${variable} names another`;
    throw error;
  }
}
