import Foundation

extension DovecotServer {
    /// A configuration for tests: no root for the mail, no waiting for the disk, no delay after a wrong password.
    func configuration(hasMasterUser: Bool, _ signIn: SignIn, quota: Int?) -> String {
        let path = directory.url.path
        let master = """
            auth_master_user_separator = *
            passdb {
              driver = passwd-file
              args = scheme=plain \(path)/masters
              master = yes
              result_success = continue
            }
            """
        let tokens = """
            passdb {
              driver = oauth2
              mechanisms = xoauth2 oauthbearer
              args = \(path)/oauth2.conf
            }
            """
        return """
            base_dir = \(path)/run
            state_dir = \(path)/state
            log_path = \(path)/dovecot.log
            protocols = imap pop3
            listen = \(host)
            ssl = yes
            ssl_cert = <\(path)/cert.pem
            ssl_key = <\(path)/key.pem
            disable_plaintext_auth = no
            auth_mechanisms = \(signIn.mechanisms)
            auth_failure_delay = 0
            auth_username_chars =
            \(signIn.tokenInformation == nil ? "" : tokens)
            \(hasMasterUser ? master : "")
            passdb {
              driver = passwd-file
              args = scheme=plain \(path)/users
            }
            userdb {
              driver = static
              args = uid=\(mailOwner) gid=\(getuid() == 0 ? mailOwner : Int(getgid())) home=\(path)/mail/%u
            }
            first_valid_uid = 1
            \(unprivilegedSettings)
            mail_location = maildir:~/Maildir
            mail_fsync = never
            \(quota.map(Self.quota) ?? "")
            mail_max_userip_connections = 200
            namespace inbox {
              inbox = yes
              separator = /
              mailbox Trash {
                special_use = \\Trash
              }
              mailbox Junk {
                special_use = \\Junk
              }
            }
            service anvil {
              chroot =
              unix_listener anvil-auth-penalty {
                mode = 0
              }
            }
            service stats {
              chroot =
            }
            service imap-login {
              chroot =
              inet_listener imap {
                port = \(imapPort)
              }
              inet_listener imaps {
                port = \(imapsPort)
                ssl = yes
              }
            }
            service pop3-login {
              chroot =
              inet_listener pop3 {
                port = \(pop3Port)
              }
              inet_listener pop3s {
                port = \(pop3sPort)
                ssl = yes
              }
            }

            """
    }

    /// So many kilobytes for each user.
    private static func quota(_ kilobytes: Int) -> String {
        """
        mail_plugins = quota
        plugin {
          quota = count:User quota
          quota_vsizes = yes
          quota_rule = *:storage=\(kilobytes)K
        }
        """
    }

    /// Without root every process runs as the user that the tests run as.
    private var unprivilegedSettings: String {
        guard getuid() != 0, let user = getpwuid(getuid()), let group = getgrgid(getgid()) else { return "" }
        let name = String(cString: user.pointee.pw_name)
        return """
            default_internal_user = \(name)
            default_login_user = \(name)
            default_internal_group = \(String(cString: group.pointee.gr_name))
            """
    }
}
