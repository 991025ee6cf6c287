/**
 * The script of each shell: it asks `vase completion answer` for the words that can stand at the cursor: a line for each, with a tab
 * before its description, and ":files" when a file's name may stand there. When no program is called vase, the script makes it a
 * name of the command line of this checkout.
 */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** @param run the words that run the command line: Node.js and the path of the door. */
export function scriptFor(shell: Shell, run: readonly string[]): string {
  return writers[shell](run.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' '));
}

const writers: Readonly<Record<Shell, (run: string) => string>> = {
  bash: (run) => `# Completion of vase for bash: eval "$(vase completion bash)"
command -v vase >/dev/null || vase() { ${run} "$@"; }
_vase_complete() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames 2>/dev/null || true
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]#=}")
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <(${run} completion answer -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _vase_complete vase
`,
  zsh: (run) => `# Completion of vase for zsh, after compinit: eval "$(vase completion zsh)"
(( $+commands[vase] )) || vase() { ${run} "$@" }
_vase_complete() {
  local line
  local -a values
  for line in "\${(@f)$(${run} completion answer -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == :files ]]; then _files
    elif [[ $line == *$'\\t'* ]]; then values+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    elif [[ -n $line ]]; then values+=("\${line//:/\\\\:}")
    fi
  done
  (( $#values )) && _describe vase values
}
compdef _vase_complete vase
`,
  fish: (run) => `# Completion of vase for fish: vase completion fish | source
type -q vase; or function vase; ${run} $argv; end
function __vase_complete
  set -l words (commandline -opc)
  for line in (${run} completion answer -- $words[2..-1] (commandline -ct) 2>/dev/null)
    if test "$line" = :files
      __fish_complete_path (commandline -ct)
    else
      printf '%s\\n' $line
    end
  end
end
complete -c vase -f -a '(__vase_complete)'
`,
};
