# Reads grep -n output "path:line:#include ..." and applies the rules of scripts/check_includes.
BEGIN {
  # Layers of gateway/, low to high. A folder may include a lower layer or itself.
  split("base=0 include=1 log=1 metrics=1 runtime=1 config=2 http=2 http2=2 tls=2 clients=2 plugin=3 proxy=4 server=5", rows, " ")
  for (i in rows) { split(rows[i], pair, "="); layer[pair[1]] = pair[2] }
  # The SDK headers and these three lean on one another; they form one layer whose files are ordered by hand.
  split("include config log metrics runtime", sdk, " ")
  for (i in sdk) in_sdk[sdk[i]] = 1

  library["libpq-fe.h"] = "libpq"; library["curl/"] = "libcurl"; library["nghttp2/"] = "nghttp2"
  library["hiredis/"] = "hiredis"; library["openssl/ssl"] = "OpenSSL TLS"; library["argon2.h"] = "libargon2"
  library["llhttp.h"] = "llhttp"; library["systemd/"] = "libsystemd"; library["archive.h"] = "libarchive"
  library["zstd.h"] = "zstd"; library["zlib.h"] = "zlib"; library["pcre2.h"] = "PCRE2"; library["CLI/"] = "CLI11"
}

function bad(why) { printf "%s:%s: %s\n", file, line, why; failed = 1 }

# folder_of("gateway/http/uri.cc") = "gateway/http"; files directly in gateway/ or storage-job/ count as "main".
function folder_of(path,   part, n) {
  n = split(path, part, "/")
  return n < 3 ? part[1] "/main" : part[1] "/" part[2]
}

{
  file = $0; sub(/:.*/, "", file)
  line = substr($0, length(file) + 2); sub(/:.*/, "", line)
  quoted = match($0, /["<][^">]+[">]/)
  if (!quoted) next
  target = substr($0, RSTART + 1, RLENGTH - 2)
  own = substr($0, RSTART, 1) == "\""
  split(folder_of(file), here, "/")
  split(target, there, "/")

  if (target == "uv.h" && file !~ /^gateway\/(runtime|clients)\//) bad("<uv.h> belongs to gateway/runtime and gateway/clients")
  for (prefix in library)
    if (index(target, prefix) == 1) {
      name = library[prefix]; place = folder_of(file)
      if (file ~ /^plugins\//) { split(file, p, "/"); place = p[1] "/" p[2] "/" p[3] }
      # storage-job is a program of its own; hearth and its modules are the other.
      if (file ~ /^storage-job\//) name = name " of storage-job"
      if (!(name in home)) { home[name] = place; first[name] = file }
      else if (home[name] != place) bad(name " is already used in " home[name] " (" first[name] "); its headers stay in one folder")
    }
  if (!own) next

  from = here[2]; to = there[1] == "hearth" ? "include" : there[1]
  if (here[1] == "gateway" && from != "main") {
    if (there[1] == "orchestrator" || there[1] == "activity") bad("the gateway knows no plugin: " target)
    else if (to in layer && from in layer && to != from && !(from in in_sdk && to in in_sdk) && layer[to] >= layer[from])
      bad("gateway/" from " may not include gateway/" to)
    else if (!(from in layer)) bad("gateway/" from " has no layer: name it in scripts/lib/check_includes.awk")
  }
  if (here[1] == "plugins") {
    if (there[1] == "proxy" || there[1] == "server") bad("plugins use the SDK, never gateway/" there[1])
    if ((there[1] == "orchestrator" || there[1] == "activity") && there[1] != from) bad("plugins never include each other: " target)
    if (there[1] ~ /^(walk|tar|frames|extract)$/ || (there[1] == "object_store" && file !~ /^plugins\/orchestrator\/archives\//)) bad("of storage-job only object_store/ is shared, and only with plugins/orchestrator/archives")
    if (file ~ /^plugins\/[a-z]+\/(model|decide)\//) {
      if (there[1] == "orchestrator" || there[1] == "activity") {
        if (there[2] != "model" && there[2] != "decide") bad("model/ and decide/ are pure: " target)
      } else if (there[1] != "base" && there[1] != "model" && there[1] != "decide") bad("model/ and decide/ see only base/: " target)
    }
  }
}
END { exit failed ? 1 : 0 }
