# Completion of Fluster's commands in bash. Source this file, or put it among the completions that
# bash-completion loads, under the name of each command: fluster, fluster-submit, ...

_fluster() {
  # Bash breaks words at : and =, too, which stand in selectors.
  local line=${COMP_LINE:0:COMP_POINT} word what IFS=$' \t\n'
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  local current=${words[${#words[@]} - 1]} program=fluster
  local start=${current%"${current##*[:=]}"}
  [[ ${words[0]} == */* ]] && program=${words[0]%/*}/fluster
  COMPREPLY=()
  while IFS=$'\t' read -r word what; do
    case $word in
      :files) _fluster_add -f "${current#"$start"}" ;;
      :directories) _fluster_add -d "${current#"$start"}" ;;
      :commands) _fluster_add -c "$current" ;;
      *)
        [[ $word == *[:=] ]] && compopt -o nospace 2>/dev/null
        word=${word#"$start"}
        [[ $word == *[!A-Za-z0-9_.,:=@/%+-]* ]] && printf -v word %q "$word"
        COMPREPLY+=("$word")
        ;;
    esac
  done < <("$program" complete "${words[@]}" 2>/dev/null)
}

_fluster_add() {
  local found
  [[ $1 == -c ]] || compopt -o filenames 2>/dev/null
  while IFS= read -r found; do COMPREPLY+=("$found"); done < <(compgen "$1" -- "$2")
}

complete -F _fluster fluster fluster-submit fluster-run fluster-ls fluster-wait fluster-log \
  fluster-kill fluster-set fluster-ctl fluster-endpoint
