// Extended attributes and POSIX ACLs of an open file.
//
// Kept: user.*, security.capability, and ACLs. Other namespaces belong to the machine (labels, overlay marks), not to
// the user's data, and are left out.
#pragma once

#include "base/result.h"
#include "tar/item.h"

namespace hearth::tar {

Result<void> read_attributes(int fd, const std::string& path, Item& item);
// Sets what `item` has; needs CAP_SETFCAP for security.capability. ENOTSUP is an error: losing them silently is not
// restoring. The caller sets owner and mode before this.
Result<void> write_attributes(int fd, const Item& item);

// The kernel's form of an ACL (linux/posix_acl_xattr.h).
std::string encode_acl(const std::vector<AclEntry>& acl);
bool decode_acl(const std::string& value, std::vector<AclEntry>& acl);

}  // namespace hearth::tar
