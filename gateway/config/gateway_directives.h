// The gateway's own directives, by context. Rows write into Builder (main, events), Scope and its kinds (http, server,
// location), UpstreamDraft and TypesDraft.
#pragma once

#include "config/loader.h"
#include "hearth/directive.h"

namespace hearth::config {

DirectiveTable gateway_directives();  // all of the below

void add_main_directives(DirectiveTable& table);
void add_http_directives(DirectiveTable& table);     // blocks: http, server, location; listen, server_name
void add_client_directives(DirectiveTable& table);   // limits and timeouts towards clients
void add_content_directives(DirectiveTable& table);  // root, types, return, error_page, add_header
void add_rewrite_directives(DirectiveTable& table);  // rewrite, try_files: what a request is for
void add_map_directives(DirectiveTable& table);
void add_compression_directives(DirectiveTable& table);
void add_access_directives(DirectiveTable& table);   // allow, deny, real_ip
void add_limit_directives(DirectiveTable& table);    // limit_req, limit_conn, limit_rate
void add_proxy_directives(DirectiveTable& table);
void add_upstream_directives(DirectiveTable& table);
void add_ignored_directives(DirectiveTable& table);  // nginx's, accepted without effect

// include and load_module: rows for the reader, which is their LoadContext.
DirectiveTable reader_directives();
// `name;` inside location.
Directive handler_directive(const ContentHandler& handler);

}  // namespace hearth::config
