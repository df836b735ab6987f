/** The shells that completions are for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type CompletionShell = (typeof SHELLS)[number];

export function isShell(word: string | undefined): word is CompletionShell {
  return SHELLS.some((shell) => shell === word);
}

/**
 * What each shell evaluates. It asks `hadron completions words -- LINE…` for what may stand at the cursor, so that it knows what
 * runs at that moment: the command that is installed, or the one of the project in which the shell stands, never one that
 * would have to be downloaded first. Lines that are not ours are left to what completed them before.
 */
export const SCRIPTS: Readonly<Record<CompletionShell, string>> = {
  bash: `# hadron: put this into ~/.bashrc:  eval "$(npx hadron completions bash)"
_hadron_words() {
  if command -v hadron >/dev/null 2>&1; then hadron completions words -- "$@" 2>/dev/null
  elif [ -x node_modules/.bin/hadron ]; then node_modules/.bin/hadron completions words -- "$@" 2>/dev/null
  fi
}
_hadron() {
  local line=\${COMP_LINE:0:COMP_POINT} words word
  read -ra words <<<"$line"
  case $line in *[[:space:]]) words+=("") ;; esac
  local typed=\${words[\${#words[@]} - 1]} known=
  # bash parts a word at "=" and ":": what stands before the last of them stays as it is typed.
  case $typed in *[=:]*) known=\${typed%"\${typed##*[=:]}"} ;; esac
  COMPREPLY=()
  while IFS= read -r word; do
    [ -n "$word" ] && COMPREPLY+=("\${word#"$known"}")
  done < <(_hadron_words "\${words[@]}")
}
complete -o default -o bashdefault -F _hadron hadron npx tsx
`,
  zsh: `# hadron: put this into ~/.zshrc, below compinit:  eval "$(npx hadron completions zsh)"
_hadron_words() {
  if (( $+commands[hadron] )); then hadron completions words -- "$@" 2>/dev/null
  elif [[ -x node_modules/.bin/hadron ]]; then node_modules/.bin/hadron completions words -- "$@" 2>/dev/null
  fi
}
_hadron() {
  local -a found
  found=("\${(@f)$(_hadron_words "\${(@)words[1,CURRENT]}")}")
  found=(\${found:#})
  if (( $#found )); then compadd -Q -a found; else _default; fi
}
compdef _hadron hadron npx tsx
`,
  fish: `# hadron: put this into ~/.config/fish/config.fish:  npx hadron completions fish | source
function _hadron_words
  set -l line (commandline -opc) (commandline -ct)
  if command -q hadron
    hadron completions words -- $line 2>/dev/null
  else if test -x node_modules/.bin/hadron
    node_modules/.bin/hadron completions words -- $line 2>/dev/null
  end
end
for command in hadron npx tsx
  complete -c $command -a '(_hadron_words)'
end
`,
};
